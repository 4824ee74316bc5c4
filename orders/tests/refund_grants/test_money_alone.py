"""Money without pieces, and pages that are older than what was given."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.errors import OrderChanged
from orders.models import Order, Payment, Refund
from orders.services.closing import order_cancel
from orders.services.refunds import Amounts, refund_by_staff
from orders.services.refunds.asking import seen_now
from orders.tests.conftest import line, paid_order
from orders.tests.refund_grants.granting import give, lines_of, refused
from orders.tests.refunding import asked, pieces, settled, ship
from shop.errors import Invalid

pytestmark = pytest.mark.usefixtures("audited")


def test_money_alone_leaves_the_goods_and_makes_them_cheaper(
    shopper_api: APIClient, order: Order, staff: User, tea: Product
) -> None:
    tea_line, _ = lines_of(order)
    ship(order)
    refund = give(order, staff, 0, 0, lines={tea_line: Decimal("30.00")})
    assert (str(refund.amount), str(refund.kept_amount)) == ("30.00", "0.00")
    settled(refund)
    order.refresh_from_db()
    assert (order.status, str(order.refunded_amount)) == ("shipped", "30.00")
    assert list(order.items.values_list("refund_quantity", flat=True)) == [0, 0]
    tea.refresh_from_db()
    assert tea.sales == 3

    # (297.00 - 30.00) / 3, and in the end all that was paid.
    assert str(asked(shopper_api, order, items=pieces(order, 1, 0)).amount) == "89.00"
    rest = give(order, staff, 2, 1)
    assert str(rest.amount) == "215.50"
    assert str(Payment.objects.get().refund_amount) == "334.50"


def test_money_alone_stays_under_what_is_left(order: Order, staff: User) -> None:
    tea, cup = lines_of(order)

    def compensate(amount: str, of: int) -> Refund:
        return give(order, staff, 0, 0, lines={of: Decimal(amount)})

    told = refused(Invalid, lambda: compensate("297.01", tea))
    assert told == "商品龙井茶最多可退¥297.00"
    told = refused(Invalid, lambda: give(order, staff, 0, 0))
    assert told == "请选择要退款的商品和数量"
    give(order, staff, 0, 1)
    # All pieces of the cup are gone.
    told = refused(Invalid, lambda: compensate("0.01", cup))
    assert told == "这些商品没有可退的金额"
    compensate("297.00", tea)
    assert str(give(order, staff, 3, 0).amount) == "12.00"


def test_not_all_money_goes_while_goods_stay(
    shopper_api: APIClient, staff: User, tea: Product
) -> None:
    """An order without money could not be cancelled: WeChat gives no 0.00 back."""
    order = paid_order(shopper_api, line(tea))
    item = order.items.get().pk
    call = {"order_id": order.pk, "operator_id": staff.pk, "reason": "破损"}

    def compensate(amount: str) -> Refund:
        amounts = Amounts({item: Decimal(amount)})
        return refund_by_staff(**call, quantities={}, amounts=amounts)

    told = refused(Invalid, lambda: compensate("99.00"))
    assert told == "商品没有全部退回,不能退完全部金额"
    compensate("98.99")
    order_cancel(order_no=order.order_no, user_id=order.user_id)
    assert str(Refund.objects.latest("pk").amount) == "0.01"


def test_a_page_older_than_what_was_kept_gives_nothing(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    ship(order)
    seen = seen_now(order)
    tea, _ = lines_of(order)
    give(order, staff, 1, 0, lines={tea: Decimal("0.01")})

    def again() -> Refund:
        call = {"order_id": order.pk, "operator_id": staff.pk, "reason": "破损"}
        return refund_by_staff(**call, quantities={tea: 1}, seen=seen)

    refused(OrderChanged, again)
    assert seen_now(order).amount == Decimal("99.00")
