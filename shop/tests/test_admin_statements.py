"""Every page of the admin: what it asks the database, and that it speaks Chinese."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.admin.forms import permissions_on_offer
from accounts.models import Address, LoginFailure, Shopper, Staff, User
from catalog.models import Category, Product, ProductImage, Sku, StockMovement
from conftest import client_of, make_shopper
from orders.jobs import orders_autoconfirm
from orders.models import (
    AnomalyKind,
    BillCheck,
    BillDifference,
    PaymentAnomaly,
    PaymentNotice,
    Refund,
    ShippingUpload,
    SubscribeMessage,
)
from orders.services.anomalies import anomaly_note
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_by_staff
from orders.tests.conftest import ADDRESS, line, paid_order
from shop.models import SavedFilter, SheetTask
from shop.tests.admin_routes import routes_of
from shop.tests.test_admin_roles import MODELS, browser

MOST = 15
# Names of things, of WeChat's and of rows below.
LATIN = {
    *(
        "SKU",
        "Excel",
        "JSON",
        "HTML",
        "Ctrl",
        "esc",
        "openid",
        "clerk",
        "CSV",
        "csv",
        "xlsx",
        "https",
    ),
    *("TRANSACTION", "SUCCESS", "EMS", "img", "table"),
    *("amount", "appid", "currency", "CNY", "mchid", "payer", "shopper", "total"),
    *("orders", "Orders", "jobs", "timestamp", "nid"),
}
# What no reader sees: scripts, the names of icons.
_UNSEEN = re.compile(
    r"<(script|style|textarea)\b.*?</\1>|<!--.*?-->"
    r"|<span[^>]*material-symbols[^>]*>.*?</span>",
    re.DOTALL,
)
_SPOKEN = re.compile(r'(?:placeholder|aria-label|title|data-label)="([^"]*)"')
_TAG = re.compile(r"""<(?:"[^"]*"|'[^']*'|[^'">])*>""")


class Page(NamedTuple):
    """How many statements a page asked, and what it says."""

    statements: int
    html: str

    @property
    def english(self) -> set[str]:
        """Return the Latin words that a reader meets."""
        seen = _UNSEEN.sub(" ", self.html)
        text = " ".join([*_SPOKEN.findall(seen), _TAG.sub(" ", seen)])
        return set(re.findall(r"\b[A-Za-z]{3,}\b", unescape(text))) - LATIN


class World:
    """A row of all that has a desk, with `size` of whatever hangs on a row."""

    def __init__(self, number: int, size: int, product_make: Any) -> None:
        self.name, self.number, self.size = f"w{number}", number, size
        self.product_make = product_make
        self.keys: dict[type[Model], Any] = {}
        self._people()
        self._catalogue()
        self._deal()
        self._money()
        self._records()

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
        self._keep(category, self.product, sku, movement)

    def _deal(self) -> None:
        others = [self.product_make(f"{self.name}{n}") for n in range(self.size)]
        first = line(self.product, 3 * self.size) | {"skuId": self.keys[Sku]}
        lines = [first, *map(line, others)]
        self.order = paid_order(client_of(self.shopper), *lines)
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

    def _money(self) -> None:
        day = date(2026, 1, 1) + timedelta(days=self.number)
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
        upload, _ = ShippingUpload.objects.get_or_create(order=self.order)
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


@pytest.fixture
def clerk(db: None) -> Client:
    """Return staff who may do everything, and are asked for each right."""
    clerk = User.objects.create_user("clerk", "a-long-password-9")
    clerk.user_permissions.set(Permission.objects.all())
    return browser(clerk)


def opened(client: Client, url: str) -> Page:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url)
    assert answer.status_code in {200, 302, 403}, url
    is_page = answer["Content-Type"].startswith("text/html")
    return Page(len(captured), answer.content.decode() if is_page else "")


def pages(client: Client, world: World) -> dict[str, Page]:
    """Open every page of every desk."""
    return {
        route.name: opened(client, route.url(world.keys[model]))
        for model in MODELS
        for route in routes_of(model)
    }


def test_no_page_asks_more_for_more_rows_or_speaks_english(
    clerk: Client, product_make: Callable[..., Product]
) -> None:
    small = World(1, 1, product_make)
    assert small.keys.keys() == set(admin.site._registry), "make a row of each"
    # Read once and kept.
    ContentType.objects.get_for_models(*MODELS, for_concrete_models=False)
    few = pages(clerk, small)
    for number in (2, 3):
        large = World(number, 5, product_make)
    many = pages(clerk, large)
    over = {name: page.statements for name, page in many.items()}
    over = {name: count for name, count in over.items() if count > MOST}
    assert over == {}
    grown = {
        name: (few[name].statements, page.statements)
        for name, page in many.items()
        if few[name].statements != page.statements
    }
    assert grown == {}
    assert {name: page.english for name, page in many.items() if page.english} == {}
