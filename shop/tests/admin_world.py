"""A row of all that has a desk, for tests that open every page of the admin."""

from datetime import timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db.models import Model
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.admin.forms import permissions_on_offer
from accounts.models import Address, LoginFailure, Shopper, Staff, User
from catalog.models import (
    Banner,
    Category,
    HomeSection,
    PopularWord,
    ProductImage,
    SearchWord,
    Sku,
    StockMovement,
)
from catalog.services.flash_sales import flash_sale_create
from catalog.services.freight import (
    FreightTerms,
    RegionRule,
    TemplateChange,
    freight_template_create,
)
from catalog.tests.flash_sales import HOUR, terms
from catalog.tests.flash_sales import line as sale_line
from conftest import client_of, make_shopper
from orders.jobs import orders_autoconfirm
from orders.models import (
    AnomalyKind,
    BillCheck,
    BillDifference,
    Order,
    PaymentAnomaly,
    PaymentNotice,
    Refund,
    Review,
    ReviewAppend,
    ReviewEvent,
    ShippingUpload,
    SubscribeMessage,
)
from orders.services.anomalies import anomaly_note
from orders.services.coupons import coupon_copy
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_by_staff, refund_request
from orders.tests.conftest import ADDRESS, line, paid_order, placed
from orders.tests.coupons.making import claimed, coupon_made
from shop.models import SavedFilter, SheetFile, SheetTask
from shop.tests.admin_routes import AdminRoute


class World:
    """A row of all that has a desk, with `size` of whatever hangs on a row."""

    def __init__(self, number: int, size: int, product_make: Any) -> None:
        self.name, self.number, self.size = f"w{number}", number, size
        self.product_make = product_make
        self.keys: dict[type[Model], Any] = {}
        # Of pages that open for another row, or for a query.
        self.others: dict[str, Any] = {}
        self.queries: dict[str, str] = {}
        self._people()
        self._catalogue()
        self._flash_sales()
        self._home()
        self._deal()
        self._coupons()
        self._waiting()
        self._review()
        self._money()
        self._records()

    def url(self, route: AdminRoute, model: type[Model]) -> str:
        key = self.others.get(route.name, self.keys[model])
        return route.url(key) + self.queries.get(route.name, "")

    def _keep(self, *rows: Model) -> None:
        self.keys |= {type(row): row.pk for row in rows}

    def _people(self) -> None:
        self.shopper = make_shopper(self.name)
        self.staff = User.objects.create_user(self.name, "a-long-password-9")
        group = Group.objects.create(name=self.name)
        group.permissions.set(permissions_on_offer()[: 10 * self.size])
        self.staff.groups.set([group])
        for _ in range(self.size):
            Address.objects.create(user=self.shopper, **ADDRESS)
            LoginFailure.objects.create(username="x", ip_address="198.51.100.1")
        self._keep(group, LoginFailure.objects.latest("pk"))
        self._keep(Shopper(pk=self.shopper.pk), Staff(pk=self.staff.pk))

    def _catalogue(self) -> None:
        category = Category.objects.create(name=self.name)
        self.product = self.product_make(self.name, category=category, stock=1000)
        sku = self.product.skus.get()
        for number in range(self.size):
            Category.objects.create(name=f"{self.name}-{number}", parent=category)
            ProductImage.objects.create(product=self.product, file=f"{number}.webp")
            specs = {"号": f"{number}"}
            Sku.objects.create(product=self.product, specs=specs, price=1)
            movement = StockMovement.objects.create(
                sku=sku, delta=1, balance=1, reason="adjustment", operator=self.staff
            )
        regions = [
            RegionRule(cities=[f"{number}县"], terms=FreightTerms())
            for number in range(self.size)
        ]
        change = TemplateChange(
            name=self.name,
            unit="piece",
            is_default=False,
            rules=regions,
            fallback=FreightTerms(),
        )
        freight = freight_template_create(change=change)
        self._keep(category, self.product, sku, movement, freight)

    def _flash_sales(self) -> None:
        """Add one that runs, with `size` SKUs, and one to come."""
        products = [self.product_make(f"{self.name}s{n}") for n in range(self.size)]
        lines = [sale_line(product.skus.get(), price=1) for product in products]
        now = timezone.now()
        running, coming = (
            flash_sale_create(
                **terms(*lines, name=self.name, starts_at=at, ends_at=at + HOUR)
            )
            for at in (now, now + HOUR)
        )
        self.others["catalog_flashsale_delete"] = coming.pk
        self._keep(running)

    def _home(self) -> None:
        banner = Banner.objects.create(title=self.name, image="a.webp")
        section = HomeSection.objects.create(title=self.name, kind="chosen")
        word = SearchWord.objects.create(word=self.name)
        popular = PopularWord.objects.create(word=self.name, shoppers=5)
        for number in range(self.size):
            product = self.product_make(f"{self.name}-{number}")
            section.lines.create(product=product, position=number)
        self._keep(banner, section, word, popular)

    def _deal(self) -> None:
        others = [self.product_make(f"{self.name}{n}") for n in range(self.size)]
        first = line(self.product, 3 * self.size) | {"skuId": self.keys[Sku]}
        self.lines = [first, *map(line, others)]
        self.order = paid_order(client_of(self.shopper), *self.lines)
        pieces = {self.order.items.earliest("pk").pk: 1}
        for number in range(self.size):
            order_ship(
                order_id=self.order.pk,
                carrier="SF",
                tracking_no=f"{self.name}-{number}",
                operator_id=self.staff.pk,
                quantities=pieces,
            )
            refund_by_staff(
                order_id=self.order.pk,
                operator_id=self.staff.pk,
                reason="破损",
                quantities=pieces,
            )
        self.refund = self.order.refunds.earliest("pk")
        self.refund.items.update(quantity=1)
        Refund.objects.filter(pk=self.refund.pk).update(state="failed", due_at=None)
        self._keep(self.order, self.order.payments.get(), self.refund)

    def _coupons(self) -> None:
        """Add one that shoppers hold, of `size` categories, and a draft."""
        children = Category.objects.filter(parent=self.keys[Category])
        ids = [*children.values_list("pk", flat=True)]
        coupon = coupon_made(scope="categories", target_ids=ids, user_limit=self.size)
        for _ in range(self.size):
            claimed(self.shopper, coupon)
        self.others["orders_coupon_publish"] = coupon_copy(coupon_id=coupon.pk).pk
        self._keep(coupon)

    def _waiting(self) -> None:
        """Add what other pages are for: an unpaid order, refunds that are asked for."""
        api, shopper_id = client_of(self.shopper), self.shopper.pk
        unpaid = Order.objects.get(order_no=placed(api, *self.lines)["orderNo"])
        # Of one line: the order's own page of refunds opens for what is left.
        last = {self.order.items.latest("pk").pk: 1}
        asked, agreed, returned = (
            refund_request(
                order_no=order.order_no,
                user_id=shopper_id,
                reason="破损",
                quantities=pieces,
            )
            for order, pieces in (
                (self.order, last),
                (paid_order(api, *self.lines), None),
                (paid_order(api, *self.lines), None),
            )
        )
        asked.is_return = returned.is_return = True
        asked.save()
        returned.state, returned.return_before = "to_return", timezone.now()
        returned.save()
        agreed.agreed_by, agreed.agreed_at = self.staff, timezone.now()
        agreed.save()
        for row, names in (
            (unpaid, ("reprice", "readdress", "cancel")),
            (asked, ("agree_return", "approve", "reject")),
            (returned, ("receive",)),
            (agreed, ("confirm", "send_back")),
        ):
            page = f"orders_{row._meta.model_name}_"
            self.others |= {page + name: row.pk for name in names}
        for name in ("picking", "packing"):
            self.queries[f"orders_order_{name}"] = f"?ids={self.order.pk}"

    def _review(self) -> None:
        """Add a review, and something added to it, which both wait for staff."""
        item = self.order.items.earliest("pk")
        said = {"content": "好", "images": ["a.webp"] * self.size, "state": "waiting"}
        review = Review.objects.create(
            order_item=item, product=self.product, rating=5, answer="谢谢", **said
        )
        ReviewAppend.objects.create(review=review, **said)
        item.is_reviewed = True
        item.save()
        for _ in range(self.size):
            ReviewEvent.objects.create(
                review=review, to_state="waiting", operator=self.staff
            )
        self._keep(review)

    def _money(self) -> None:
        # Within the months in which WeChat still has the bill; two days apart, so that
        # no two worlds meet on one when midnight comes between them.
        day = timezone.localdate() - timedelta(days=2 * self.number)
        check = BillCheck.objects.create(
            day=day, result="differences", checked_at=timezone.now()
        )
        for number in range(self.size):
            anomaly_note(
                kind=AnomalyKind.REFUND_FAILED,
                key=f"{self.name}-{number}",
                happened="退款失败",
                done="无",
                order=self.order,
                refund=self.refund,
            )
            difference = BillDifference.objects.create(
                bill_check=check,
                kind="unknown_refund",
                number=f"{self.name}-{number}",
                order=self.order,
            )
        self._keep(check, difference, PaymentAnomaly.objects.latest("pk"))

    def _records(self) -> None:
        now = timezone.now()
        notice = PaymentNotice.objects.create(
            notice_id=self.name,
            event_type="TRANSACTION.SUCCESS",
            number=self.order.payments.get().out_trade_no,
            facts={},
            received_at=now,
        )
        message, _ = SubscribeMessage.objects.get_or_create(
            order=self.order, kind="paid"
        )
        upload, _ = ShippingUpload.objects.update_or_create(
            order=self.order, defaults={"state": "failed", "error": "系统繁忙"}
        )
        job = orders_autoconfirm.configure(
            schedule_in={"days": 1}, lock=self.name, queueing_lock=self.name
        ).defer(timestamp=self.number)
        self.keys[ProcrastinateJob] = job
        sheet = SheetTask.objects.create(
            kind="products",
            direction="import",
            format="csv",
            state="checked",
            made_by=self.staff,
            preview=[{"row": 2, "name": "茶", "changes": []}] * self.size,
        )
        SheetFile.objects.create(
            task=sheet, role="result", name="商品.csv", content=b""
        )
        self._keep(notice, message, upload, sheet)
        for model, key in list(self.keys.items()):
            rows = model._default_manager.filter(pk=key)
            for _ in range(self.size):
                LogEntry.objects.log_actions(self.staff.pk, rows, CHANGE, "改")
            SavedFilter.objects.create(
                user=User.objects.get(username="clerk"),
                desk=model._meta.label_lower,
                name=self.name,
                query="q=1",
            )
