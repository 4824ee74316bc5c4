"""A coupon comes back when its order comes to nothing, or is paid back whole."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import CouponClaim, OrderStatus
from orders.services.closing import orders_expire
from orders.services.payments import payment_settle
from orders.services.refunds import Amounts, refund_by_staff, refund_settle
from orders.tests.conftest import (
    attempt_made,
    line,
    paid,
    payment_facts,
    refund_facts,
    stock_of,
)
from orders.tests.coupons.making import claimed, order_of, used_by
from orders.tests.refund_grants.granting import approve
from orders.tests.refunding import approved, ask, asked, pieces, settled, ship

pytestmark = pytest.mark.usefixtures("audited")


@pytest.mark.parametrize("way", ["cancel", "expire"])
def test_order_that_ends_unpaid_gives_it_back(
    shopper_api: APIClient, shopper: User, tea: Product, way: str
) -> None:
    claim = claimed(shopper)
    order = order_of(shopper_api, line(tea), couponId=claim.coupon_id)
    until = claim.valid_until
    if way == "cancel":
        assert (
            shopper_api.post(f"/api/orders/{order.order_no}/cancel").status_code == 200
        )
    else:
        orders_expire(now=order.expires_at)
    assert used_by(claim) is None
    order.refresh_from_db()
    # The order remembers it; how long it is good has not changed.
    assert (order.status, order.coupon_claim) == (OrderStatus.CANCELLED, claim)
    assert claim.valid_until == until
    again = order_of(shopper_api, line(tea), couponId=claim.coupon_id)
    assert (used_by(claim), stock_of(tea)) == (again, 9)


def test_only_an_order_that_is_wholly_refunded_gives_it_back(
    shopper_api: APIClient, shopper: User, staff: User, tea: Product, cup: Product
) -> None:
    """Teas and cup cost 223.50; 22.35 off is 19.80 of the teas, 2.55 of the cup."""
    claim = claimed(shopper, amount="22.35")
    lines = [line(tea, 2), line(cup)]
    order = paid(order_of(shopper_api, *lines, couponId=claim.coupon_id))
    teas, cups = order.items.all()
    give = {"order_id": order.pk, "operator_id": staff.pk, "reason": "破损"}
    first = refund_by_staff(quantities={teas.pk: 2}, **give)
    assert str(first.amount) == "178.20"
    refund_settle(facts=refund_facts(first, "SUCCESS"))
    assert used_by(claim) == order
    second = refund_by_staff(quantities={cups.pk: 1}, **give)
    assert str(second.amount) == "22.95"
    assert used_by(claim) == order
    refund_settle(facts=refund_facts(second, "PROCESSING"))
    assert used_by(claim) is None
    refund_settle(facts=refund_facts(second, "SUCCESS"))
    order.refresh_from_db()
    assert (order.status, order.coupon_claim) == (OrderStatus.CANCELLED, claim)


def test_what_cost_nothing_goes_back_with_the_last_that_did(
    shopper_api: APIClient, shopper: User, staff: User, tea: Product, cup: Product
) -> None:
    """The coupon pays the cup, which has not left: nobody could be given its money."""
    claim = claimed(shopper, amount="25.50", scope="products", target_ids=[cup.pk])
    lines = [line(tea, 2), line(cup)]
    order = paid(order_of(shopper_api, *lines, couponId=claim.coupon_id))
    alone = ask(shopper_api, order, items=pieces(order, 0, 1))
    assert (alone.status_code, alone.json()["message"]) == (
        *(400, "这些商品没有可退的金额"),
    )
    ship(order, {order.items.earliest("pk").pk: 2})
    first = asked(shopper_api, order, items=pieces(order, 1, 0))
    approved(first, staff.pk)
    # The tea that has left comes back; the cup stays in the shop.
    last = asked(shopper_api, order, items=pieces(order, 1, 0), type="return")
    told = [(part.quantity, str(part.amount)) for part in last.items.all()]
    assert told == [(1, "99.00"), (1, "0.00")]
    assert used_by(claim) == order
    approved(last, staff.pk)
    order.refresh_from_db()
    assert (order.status, used_by(claim)) == (OrderStatus.SHIPPED, None)
    assert (stock_of(tea), stock_of(cup)) == (8, 5)


def test_what_cost_nothing_and_stays_keeps_the_coupon(
    shopper_api: APIClient, shopper: User, staff: User, tea: Product, cup: Product
) -> None:
    claim = claimed(shopper, amount="25.50", scope="products", target_ids=[cup.pk])
    lines = [line(tea), line(cup)]
    order = paid(order_of(shopper_api, *lines, couponId=claim.coupon_id))
    ship(order, {order.items.latest("pk").pk: 1})
    approved(asked(shopper_api, order, items=pieces(order, 1, 0)), staff.pk)
    assert used_by(claim) == order
    data = shopper_api.get(f"/api/orders/{order.order_no}").json()["data"]
    assert (data["status"], data["actions"]) == ("shipped", ["confirm"])
    order.refresh_from_db()
    assert "refund" not in order.staff_actions


def test_money_of_it_that_stays_with_the_shop_keeps_the_coupon(
    shopper_api: APIClient, shopper: User, staff: User, tea: Product
) -> None:
    claim = claimed(shopper)
    order = paid(order_of(shopper_api, line(tea), couponId=claim.coupon_id))
    ship(order)
    refund = asked(shopper_api, order, type="return")
    amounts = Amounts({order.items.get().pk: Decimal("93.99")})
    approve(refund, staff, amounts)
    refund.refresh_from_db()
    assert (settled(refund).amount, used_by(claim)) == (Decimal("93.99"), order)


@pytest.mark.parametrize("is_spent", [False, True])
def test_late_money_takes_it_again_if_it_is_free(
    shopper_api: APIClient, shopper: User, tea: Product, cup: Product, is_spent: bool
) -> None:
    claim = claimed(shopper)
    order = order_of(shopper_api, line(tea), couponId=claim.coupon_id)
    payment = attempt_made(order)
    order.payments.update(state="closed")
    shopper_api.post(f"/api/orders/{order.order_no}/cancel")
    if is_spent:
        other = order_of(shopper_api, line(cup), couponId=claim.coupon_id)
    else:
        # Whether it has expired meanwhile does not count.
        now = timezone.now()
        CouponClaim.objects.update(valid_from=now - timedelta(1), valid_until=now)
    payment_settle(facts=payment_facts(payment))
    order.refresh_from_db()
    if is_spent:
        assert (order.replaced_by, used_by(claim)) == (None, other)
        assert str(order.refunds.get().amount) == "94.00"
        return
    again = order.replaced_by
    assert again is not None
    assert (used_by(claim), again.coupon_claim) == (again, claim)
    assert (again.status, again.total_amount) == (OrderStatus.PAID, Decimal("94.00"))
    assert str(again.items.get().discount_amount) == "5.00"
