"""Staff give money of a paid order back, from the order's own page."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Payment, Refund
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_send
from orders.tests.conftest import line, page, paid_order, placed, stock_of
from orders.tests.order_actions.pages import refusals, told, url
from orders.tests.refund_desk.pages import books, sales
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


def form(order: Order, *quantities: int, **changed: str) -> dict[str, str]:
    """Fill in the page as it is now: pieces by line, the first ones first."""
    pieces = zip(order.items.values_list("pk", flat=True), quantities, strict=True)
    return {
        "reason": "缺货",
        "seen_amount": str(Payment.objects.get(order=order).refund_amount),
        "seen_parcels": str(order.shipments.count()),
        **{f"quantity_{pk}": str(count) for pk, count in pieces},
        **changed,
    }


@pytest.fixture
def paid(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    return paid_order(shopper_api, line(tea, 3), line(cup))


def ship(order: Order, *quantities: int) -> None:
    pieces = zip(order.items.values_list("pk", flat=True), quantities, strict=True)
    order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no="SF1",
        operator_id=None,
        quantities=dict(pieces),
    )


def test_page_offers_all_that_is_left_and_tells_its_worth(
    desk: Client, paid: Order
) -> None:
    tea, cup = paid.items.values_list("pk", flat=True)
    text = page(desk, url(paid, "refund"))
    for fact in (
        *("实付金额", "已退金额", "可退金额", "¥322.50", "¥0.00"),
        *(f'name="quantity_{tea}" value="3"', f'name="quantity_{cup}" value="1"'),
        "可退3件,共¥297.00,其中3件未发",
        "可退1件,共¥25.50,其中1件未发",
    ):
        assert fact in text, fact
    assert "is_restocked" not in text

    ship(paid, 1, 1)
    desk.post(url(paid, "refund"), form(paid, 1, 0))
    text = page(desk, url(paid, "refund"))
    for fact in (
        *("¥99.00", "¥223.50", f'name="quantity_{tea}" value="2"'),
        *("可退2件,共¥198.00,其中1件未发", "可退1件,共¥25.50;", "is_restocked"),
    ):
        assert fact in text, fact


def test_refund_of_some_pieces_and_then_of_the_rest(
    desk: Client,
    staff: User,
    buy: Callable[[], Order],
    wechat: SimulatorProcess,
    tea: Product,
    cup: Product,
) -> None:
    order = buy()
    answered = desk.post(url(order, "refund"), form(order, 1, 0))
    first = Refund.objects.get()
    assert told(answered) == [f"退款{first}已提交,将退回¥99.00"]
    assert (first.kind, first.state, first.reason) == ("staff", "approved", "缺货")
    assert first.events.get().operator == staff
    assert (stock_of(tea), sales(tea)) == (7, 3)
    refund_send(refund_id=first.pk)
    assert (stock_of(tea), sales(tea), stock_of(cup)) == (8, 2, 4)
    order.refresh_from_db()
    assert (order.status, order.is_closing) == ("paid", False)

    desk.post(url(order, "refund"), form(order, 2, 1))
    last = Refund.objects.latest("pk")
    assert last.amount == Decimal("223.50")
    text = page(desk, url(order, "change"))
    assert "退款中" in text
    refund_send(refund_id=last.pk)
    order.refresh_from_db()
    assert (order.status, order.close_reason) == ("cancelled", "全部退款")
    assert (stock_of(tea), sales(tea), stock_of(cup), sales(cup)) == (10, 0, 5, 0)
    amounts = [one["refund"] for one in wechat.state()["refunds"][-2:]]
    assert sorted(amounts) == [9900, 22350]
    text = page(desk, url(order, "change"))
    for fact in (first.refund_no, last.refund_no, "¥99.00", "¥223.50", "同意退款"):
        assert fact in text, fact


def test_the_lines_tell_what_left_and_what_goes_back(desk: Client, paid: Order) -> None:
    ship(paid, 1, 0)
    desk.post(url(paid, "refund"), form(paid, 1, 1))
    lines = desk.get(url(paid, "change")).context["lines"]
    assert [one["marks"] for one in lines] == [["已发1", "退款1"], ["退款1"]]


@pytest.mark.parametrize(("changed", "stock"), [({}, 7), ({"is_restocked": "on"}, 9)])
def test_shipped_pieces_are_restocked_when_staff_say_so(
    desk: Client,
    buy: Callable[[], Order],
    tea: Product,
    changed: dict[str, str],
    stock: int,
) -> None:
    order = buy()
    ship(order, 3, 1)
    desk.post(url(order, "refund"), form(order, 2, 0, **changed))
    refund_send(refund_id=Refund.objects.get().pk)
    assert (stock_of(tea), sales(tea)) == (stock, 1)
    order.refresh_from_db()
    assert order.status == "shipped"


def test_a_button_pressed_twice_gives_once(desk: Client, paid: Order) -> None:
    sent = form(paid, 1, 0)
    desk.post(url(paid, "refund"), sent)
    before = books()
    response = desk.post(url(paid, "refund"), sent)
    assert refusals(response) == ["订单的退款或发货已变化,请刷新后重试"]
    assert books() == before


def test_a_page_older_than_a_twin_gives_nothing(desk: Client, paid: Order) -> None:
    """The twin gave all teas back, so their line is on the page no more."""
    sent = form(paid, 3, 1)
    desk.post(url(paid, "refund"), form(paid, 3, 0))
    before = books()
    response = desk.post(url(paid, "refund"), sent)
    assert refusals(response) == ["订单的退款或发货已变化,请刷新后重试"]
    assert books() == before


def test_nothing_is_given_for_what_a_twin_has_just_shipped(
    desk: Client, paid: Order
) -> None:
    sent = form(paid, 3, 0)
    ship(paid, 3, 0)
    before = books()
    response = desk.post(url(paid, "refund"), sent)
    assert refusals(response) == ["订单的退款或发货已变化,请刷新后重试"]
    assert books() == before


@pytest.mark.parametrize(
    ("quantities", "changed", "message"),
    [
        ((4, 0), {}, "确保该值小于或等于3。"),
        ((-1, 0), {}, "确保该值大于或等于0。"),
        ((0, 0), {}, "请选择要退款的商品和数量"),
        ((1, 0), {"reason": ""}, "原因不能为空"),
        ((1, 0), {"reason": "<b> </b>"}, "原因不能为空"),
    ],
)
def test_a_refund_that_cannot_be_is_refused_on_its_page(
    desk: Client,
    paid: Order,
    quantities: tuple[int, int],
    changed: dict[str, str],
    message: str,
) -> None:
    before = books()
    response = desk.post(url(paid, "refund"), form(paid, *quantities, **changed))
    assert refusals(response) == [message]
    assert books() == before


def test_a_paid_order_is_refunded_not_cancelled(desk: Client, paid: Order) -> None:
    before = books()
    response = desk.post(url(paid, "cancel"), {"reason": "缺货"})
    assert told(response) == ["订单待发货,不能这样做"]
    assert books() == before


def test_the_order_that_stands_in_is_linked(
    desk: Client, shopper_api: APIClient, paid: Order, tea: Product
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    shopper_api.post(f"/api/orders/{order_no}/cancel")
    old = Order.objects.get(order_no=order_no)
    change: Any = url(old, "change")
    assert "替代" not in page(desk, change)
    Order.objects.filter(pk=old.pk).update(replaced_by=paid)
    link = f'<a href="{url(paid, "change")}" class="text-primary-600'
    text = page(desk, change)
    assert link in text
    assert "已由订单" in text
