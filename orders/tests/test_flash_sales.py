"""Orders in flash sales: whose price holds when, and what is taken and given back."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import FlashSale, FlashSaleSku, Product, Sku
from catalog.services.flash_sales import flash_sale_create, flash_sale_end
from catalog.tests.flash_sales import HOUR, terms
from catalog.tests.flash_sales import line as sale_line
from orders.models import FlashSaleTaking, Order, OrderItem
from orders.services.accounts import account_delete
from orders.services.audit import orders_audit
from orders.services.closing import orders_expire
from orders.services.fulfilment import order_ship
from orders.services.order_requests import Destination, OrderRequest, Wish
from orders.services.payments.late import order_place_again
from orders.services.placing import order_place
from orders.services.refunds import refund_by_staff, refund_settle
from orders.tests.conftest import (
    ADDRESS,
    body,
    line,
    paid_order,
    placed,
    refund_facts,
    stock_of,
    written,
)
from orders.tests.flash_sales_plain import running
from orders.tests.test_preview import preview
from shop.tests.plans import plans_taken

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def sale(tea: Product) -> FlashSale:
    """Five of ten teas at 59.00 for an hour, two for each."""
    return running(tea)


def taken() -> tuple[int, list[int]]:
    """Return how many are sold, and how many each shopper has taken."""
    rows = FlashSaleTaking.objects.order_by("user")
    return FlashSaleSku.objects.get().sold, [row.quantity for row in rows]


def refused(api: APIClient, *lines: Any, error: str, message: str) -> Any:
    """Assert that preview and order are refused alike, and that nothing changes."""
    before = written(), taken()
    told = preview(api, *lines).json()
    order = api.post("/api/orders", body(*lines), format="json")
    assert (order.status_code, order.json()) == (409, told)
    assert order.json()["message"] == message
    facts = order.json()["data"]
    assert facts.pop("error") == error
    assert (written(), taken()) == before
    return facts["items"]


def test_the_sales_price_is_that_of_preview_order_and_line(
    shopper_api: APIClient, sale: FlashSale, tea: Product, cup: Product
) -> None:
    lines = [line(tea), line(tea), line(cup)]
    quote = preview(shopper_api, *lines).json()["data"]
    order = placed(shopper_api, *lines)
    for told in (quote, order):
        prices = [(item["price"], item["quantity"]) for item in told["items"]]
        assert prices == [("59.00", 2), ("25.50", 1)]
        assert told["goodsAmount"] == told["totalAmount"] == "143.50"
    items = OrderItem.objects.order_by("sku")
    sold_by = [item.flash_sale_sku_id for item in items]
    assert sold_by == [FlashSaleSku.objects.get().pk, None]
    assert (taken(), stock_of(tea)) == ((2, [2]), 8)
    url = f"/api/orders/{order['orderNo']}"
    assert shopper_api.get(url).json()["data"]["items"] == order["items"]


def test_nobody_gets_more_than_the_limit_or_pays_more_than_the_sales_price(
    shopper_api: APIClient,
    other_api: APIClient,
    sale: FlashSale,
    tea: Product,
    product_make: Callable[..., Product],
) -> None:
    item = {"skuId": tea.skus.get().pk, "name": "龙井茶"}
    over, gone = "sale_limit", "sale_sold_out"
    message = "商品龙井茶超出活动限购,还可买2件"
    assert refused(shopper_api, line(tea, 3), error=over, message=message) == [
        item | {"requested": 3, "available": 2}
    ]
    placed(shopper_api, line(tea, 2))
    assert refused(
        shopper_api, line(tea), error=over, message="商品龙井茶已达活动限购"
    ) == [item | {"requested": 1, "available": 0}]
    FlashSaleSku.objects.update(stock=3)
    assert refused(
        other_api, line(tea, 2), error=gone, message="商品龙井茶活动仅剩1件"
    ) == [item | {"requested": 2, "available": 1}]
    placed(other_api, line(tea))
    # More than there is at all comes first; and it is told of before the limit.
    assert refused(
        other_api,
        line(tea),
        line(tea, 7),
        error="insufficient_stock",
        message="商品龙井茶库存不足",
    ) == [item | {"requested": 8, "available": 7}]
    assert refused(other_api, line(tea, 7), error=gone, message="商品龙井茶已抢光") == [
        item | {"requested": 7, "available": 0}
    ]
    flash_sale_end(sale_id=sale.pk)
    assert placed(other_api, line(tea, 7))["goodsAmount"] == "693.00"
    assert taken() == (3, [2, 1])


def test_it_starts_and_ends_by_the_clock_of_the_order(
    shopper: User, tea: Product, set_clock: Any
) -> None:
    start = timezone.now().replace(microsecond=0)
    end, tick = start + HOUR, timedelta(microseconds=1)
    sku = tea.skus.get()
    flash_sale_create(
        **terms(sale_line(sku, user_limit=None), starts_at=start, ends_at=end)
    )
    # The next begins at the moment when this one ends.
    cheaper = sale_line(sku, price=Decimal("9.00"))
    flash_sale_create(**terms(cheaper, starts_at=end, ends_at=end + HOUR))
    asked = OrderRequest([Wish(tea.pk, None, 1)], Destination(**ADDRESS))

    def price_at(moment: Any) -> str:
        set_clock(moment)
        order, _ = order_place(user_id=shopper.pk, request=asked)
        return str(order.goods_amount)

    moments = [start - tick, start, end - tick, end, end + HOUR - tick, end + HOUR]
    prices = [price_at(moment) for moment in moments]
    assert prices == ["99.00", "59.00", "59.00", "9.00", "9.00", "99.00"]


def test_a_group_price_holds_from_its_pieces_on(
    shopper_api: APIClient, tea: Product
) -> None:
    running(tea, stock=9, min_quantity=3, user_limit=4)
    assert placed(shopper_api, line(tea, 2))["goodsAmount"] == "198.00"
    assert taken() == (0, [])
    assert placed(shopper_api, line(tea, 3))["goodsAmount"] == "177.00"
    assert taken() == (3, [3])
    message = "商品龙井茶超出活动限购,还可买1件"
    refused(shopper_api, line(tea, 3), error="sale_limit", message=message)
    assert placed(shopper_api, line(tea, 1))["goodsAmount"] == "99.00"


def test_a_price_that_is_lower_by_now_is_no_sales(
    shopper_api: APIClient, sale: FlashSale, tea: Product
) -> None:
    Sku.objects.filter(product=tea).update(price="59.00")
    assert placed(shopper_api, line(tea, 3))["goodsAmount"] == "177.00"
    assert OrderItem.objects.get().flash_sale_sku_id is None


def test_what_ends_unpaid_gives_back_once(
    shopper_api: APIClient, sale: FlashSale, tea: Product
) -> None:
    order_no = placed(shopper_api, line(tea, 2))["orderNo"]
    for status in (200, 409):
        cancelled = shopper_api.post(f"/api/orders/{order_no}/cancel")
        assert cancelled.status_code == status
        assert (taken(), stock_of(tea)) == ((0, [0]), 10)
    placed(shopper_api, line(tea, 1))
    assert orders_expire(now=timezone.now() + HOUR).cancelled == 1
    assert (taken(), stock_of(tea)) == ((0, [0]), 10)


def test_what_is_refunded_goes_back_to_the_sale_unless_it_has_left(
    shopper_api: APIClient, staff: User, tea: Product
) -> None:
    running(tea, stock=9, user_limit=None)

    def refund(order: Order, pieces: int, **fields: Any) -> None:
        item = order.items.get()
        made = refund_by_staff(
            order_id=order.pk,
            operator_id=staff.pk,
            reason="缺货",
            quantities={item.pk: pieces},
            **fields,
        )
        refund_settle(facts=refund_facts(made, "SUCCESS"))

    order = paid_order(shopper_api, line(tea, 5))
    refund(order, 2)
    assert (taken(), stock_of(tea)) == ((3, [3]), 7)
    order_ship(order_id=order.pk, carrier="SF", tracking_no="SF1", operator_id=None)
    refund(order, 1)
    assert taken() == (3, [3])


def test_late_money_takes_of_the_sale_again_as_far_as_it_can(
    shopper_api: APIClient, other_api: APIClient, sale: FlashSale, tea: Product
) -> None:
    FlashSaleSku.objects.update(stock=3)

    def cancelled() -> Order:
        order_no = placed(shopper_api, line(tea, 2))["orderNo"]
        shopper_api.post(f"/api/orders/{order_no}/cancel")
        return Order.objects.get(order_no=order_no)

    def again(old: Order) -> Order | None:
        return order_place_again(old=old, amount=old.total_amount)

    first, second = cancelled(), cancelled()
    placed(other_api, line(tea, 2))
    # One piece is left of the sale, eight of the stock.
    assert again(first) is None
    assert taken() == (2, [0, 2])
    FlashSaleSku.objects.update(stock=5)
    flash_sale_end(sale_id=sale.pk)
    new = again(first)
    assert new is not None
    assert new.items.get().price == Decimal("59.00")
    assert taken() == (4, [2, 2])
    # The shopper has had the two that the limit allows.
    assert again(second) is None
    assert (taken(), stock_of(tea)) == ((4, [2, 2]), 6)


def test_an_account_tells_what_it_has_taken_and_ends_without_it(
    shopper: User, shopper_api: APIClient, sale: FlashSale, tea: Product
) -> None:
    order_no = placed(shopper_api, line(tea, 2))["orderNo"]
    exported = shopper_api.get("/api/auth/user/export").json()["data"]["flashSales"]
    sku_id = tea.skus.get().pk
    assert exported == [{"name": "午间秒杀", "skuId": sku_id, "quantity": 2}]
    shopper_api.post(f"/api/orders/{order_no}/cancel")
    account_delete(user_id=shopper.pk)
    assert taken() == (0, [0])


def test_an_order_that_is_not_in_a_sale_asks_for_one_and_no_more(
    shopper: User, sale: FlashSale, tea: Product, cup: Product
) -> None:
    def places(product: Product) -> list[str]:
        """Return what the server has done with the tables of sales."""
        asked = OrderRequest([Wish(product.pk, None, 1)], Destination(**ADDRESS))
        with plans_taken() as plans:
            order_place(user_id=shopper.pk, request=asked)
        return [plan for plan in plans if "flashsale" in plan]

    # Whether there is one; then its prices, and what was taken of it.
    assert (len(places(cup)), len(places(tea))) == (1, 3)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda: FlashSaleSku.objects.update(sold=3), {"sale_sold"}),
        (
            lambda: FlashSaleTaking.objects.update(quantity=1),
            {"sale_sold", "sale_taking"},
        ),
        (lambda: FlashSaleSku.objects.update(user_limit=1), {"sale_taking"}),
        (lambda: FlashSale.objects.update(ends_at=timezone.now()), {"sale_line"}),
        (lambda: FlashSaleSku.objects.update(price=Decimal("1.00")), {"sale_sku"}),
    ],
)
def test_the_audit_finds_each_breach(
    shopper_api: APIClient,
    sale: FlashSale,
    tea: Product,
    change: Callable[[], Any],
    found: set[str],
) -> None:
    placed(shopper_api, line(tea, 2))
    before = [FlashSale.objects.values(), FlashSaleSku.objects.values()]
    kept = [list(rows) for rows in before], FlashSaleTaking.objects.get().quantity
    change()
    assert {finding.check for finding in orders_audit()} == found
    (sales, lines), quantity = kept
    FlashSale.objects.update(**sales[0])
    FlashSaleSku.objects.update(**lines[0])
    FlashSaleTaking.objects.update(quantity=quantity)
