"""What goes back: exact to the cent, and the parts make the whole, however cut."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from orders.models import Order, OrderItem, Payment, Refund
from orders.services.refunds import (
    refund_approve,
    refund_by_staff,
    refund_reject,
    refund_request,
    refund_withdraw,
)
from orders.services.refunds.amounts import lines_paid
from orders.tests.conftest import line
from orders.tests.refunding import approved, ask, asked, pieces, priced_order, settled
from shop.errors import Invalid

audited = pytest.mark.usefixtures("audited")


def amounts(refund: Refund) -> list[str]:
    """Return the whole amount, then each line's."""
    lines = refund.items.order_by("order_item").values_list("amount", flat=True)
    return [str(refund.amount), *map(str, lines)]


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """348.00 of goods, less 10.01, and 12.00 of freight: 349.99.

    The teas bear 8.54 of the discount and so cost 288.46, the cups 1.47 and 49.53.
    """
    lines = (line(tea, 3), line(cup, 2))
    return priced_order(shopper_api, *lines, freight="12.00", discount="10.01")


@audited
def test_all_at_once_is_what_was_paid(shopper_api: APIClient, order: Order) -> None:
    refund = asked(shopper_api, order)
    assert amounts(refund) == ["349.99", "288.46", "49.53"]


@audited
def test_parts_share_the_discount_and_the_last_brings_the_freight(
    shopper_api: APIClient, order: Order, staff: User, tea: Product, cup: Product
) -> None:
    parts = [
        ((1, 0), ["96.15", "96.15"]),
        ((1, 0), ["96.15", "96.15"]),
        ((0, 1), ["24.76", "24.76"]),
        # 96.16 + 24.77 + 12.00
        ((1, 1), ["132.93", "96.16", "24.77"]),
    ]
    for quantities, expected in parts:
        refund = asked(shopper_api, order, items=pieces(order, *quantities))
        assert amounts(refund) == expected
        approved(refund, staff.pk)
    assert str(Payment.objects.get().refund_amount) == "349.99"
    data = shopper_api.get(f"/api/orders/{order.order_no}").json()["data"]
    assert (data["refundedAmount"], data["totalAmount"]) == ("349.99", "349.99")
    assert (data["status"], data["actions"]) == ("cancelled", ["delete"])
    assert [item["refundQuantity"] for item in data["items"]] == [3, 2]


@audited
def test_what_was_refused_or_withdrawn_is_asked_for_again(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    refused = asked(shopper_api, order, items=pieces(order, 2, 0))
    assert amounts(refused) == ["192.30", "192.30"]
    # Pieces of the same line go back while the request waits: the next share.
    call = {"operator_id": staff.pk, "reason": "补偿"}
    tea_line, _ = order.items.order_by("pk")
    given = refund_by_staff(order_id=order.pk, quantities={tea_line.pk: 1}, **call)
    assert amounts(given) == ["96.16", "96.16"]
    refund_reject(refund_id=refused.pk, operator_id=staff.pk, answer="不同意")
    withdrawn = asked(shopper_api, order)
    assert amounts(withdrawn) == ["253.83", "192.30", "49.53"]
    shopper_api.post(f"/api/refunds/{withdrawn.refund_no}/withdraw")
    settled(given)
    last = asked(shopper_api, order)
    assert amounts(last) == ["253.83", "192.30", "49.53"]
    approved(last, staff.pk)
    assert str(Payment.objects.get().refund_amount) == "349.99"


@pytest.mark.parametrize(
    ("discount", "paid"),
    [
        # As it was placed: each line bears its own.
        ("9.00", [29200, 4700]),
        # Staff have given 8.00 more, which is shared by what is left to pay.
        ("17.00", [28511, 4589]),
        # Staff have given less: two thirds of each share.
        ("6.00", [29367, 4833]),
        ("0.00", [29700, 5100]),
        # More than the goods cost: the rest is off the freight.
        ("350.00", [0, 0]),
    ],
)
def test_lines_bear_the_discount_that_they_were_placed_with(
    order: Order, discount: str, paid: list[int]
) -> None:
    order.discount_amount = Decimal(discount)
    items = list(order.items.order_by("pk"))
    for item, share in zip(items, ("5.00", "4.00"), strict=True):
        item.discount_amount = Decimal(share)
    assert list(lines_paid(order, items).values()) == paid


@audited
def test_pieces_that_cost_nothing_are_refused(
    shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    """A discount of all but a cent."""
    lines = (line(tea), line(cup))
    order = priced_order(shopper_api, *lines, freight="0.00", discount="124.49")
    # Shares are rounded down together with those before, so the cent comes first.
    assert list(lines_paid(order, order.items.all()).values()) == [1, 0]
    response = ask(shopper_api, order, items=pieces(order, 0, 1))
    assert response.status_code == 400
    assert response.json()["message"] == "这些商品没有可退的金额"
    assert not Refund.objects.exists()
    assert str(asked(shopper_api, order).amount) == "0.01"


@audited
def test_a_piece_is_never_worth_less_than_nothing(
    shopper_api: APIClient, staff: User, product_make: Any
) -> None:
    """Ten beans for three fen: the fourth was worth one, then the first three stay."""
    bean, bag = product_make("豆", price="0.01"), product_make("袋", price="0.10")
    lines = (line(bean, 10), line(bag))
    order = priced_order(shopper_api, *lines, freight="0.00", discount="0.14")
    refused = asked(shopper_api, order, items=pieces(order, 3, 1))
    assert amounts(refused) == ["0.03", "0.00", "0.03"]
    call = {"operator_id": staff.pk, "reason": "补偿"}
    bean_line = order.items.get(product=bean)
    given = refund_by_staff(order_id=order.pk, quantities={bean_line.pk: 1}, **call)
    assert amounts(given) == ["0.01", "0.01"]
    refund_reject(refund_id=refused.pk, operator_id=staff.pk, answer="不同意")
    again = asked(shopper_api, order, items=pieces(order, 1, 1))
    assert amounts(again) == ["0.03", "0.00", "0.03"]


Line = tuple[int, int]
# A price in fen and a number of pieces.
LINES = st.lists(
    st.tuples(st.integers(1, 9999), st.integers(1, 5)), min_size=1, max_size=4
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "give", "withdraw", "reject", "approve"]),
        st.lists(st.integers(0, 3), min_size=4, max_size=4),
    ),
    max_size=12,
)


def fen(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


def bought(
    user: User, skus: Sequence[Sku], lines: Sequence[Line], **prices: int
) -> Order:
    """Write a completed order."""
    goods = sum(price * quantity for price, quantity in lines)
    total = fen(goods + prices["freight"] - prices["discount"])
    now = timezone.now()
    number = f"X{Order.objects.count():010d}"
    order = Order.objects.create(
        order_no=number,
        user=user,
        status="completed",
        goods_amount=fen(goods),
        freight_amount=fen(prices["freight"]),
        discount_amount=fen(prices["discount"]),
        total_amount=total,
        **dict.fromkeys(("created_at", "expires_at", "due_at"), now),
        **dict.fromkeys(("paid_at", "shipped_at", "completed_at"), now),
    )
    # The last lines bear what the discount was when the order was placed.
    placed_with = min(prices["placed_with"], goods)
    shares = []
    for price, quantity in reversed(lines):
        shares.insert(0, min(placed_with - sum(shares), price * quantity))
    for sku, (price, quantity), share in zip(skus, lines, shares, strict=False):
        OrderItem.objects.create(
            order=order,
            product=sku.product,
            sku=sku,
            name="茶",
            price=fen(price),
            quantity=quantity,
            discount_amount=fen(share),
        )
    Payment.objects.create(
        order=order,
        out_trade_no=f"{number}P001",
        amount=total,
        state="succeeded",
        expires_at=now + timedelta(minutes=30),
        transaction_id=number,
        facts={},
        paid_at=now,
    )
    return order


class Dealings:
    """Shopper and staff, who cut an order into refunds as they like."""

    def __init__(self, order: Order, staff: User) -> None:
        self.order, self.staff = order, staff
        self.waiting: Refund | None = None

    def step(self, name: str, wishes: Sequence[int] | None) -> None:
        """Do what can be done now; what can't is left."""
        if name in ("ask", "give"):
            quantities = self._wanted(wishes) if wishes else None
            if quantities == {} or (name == "ask" and self.waiting):
                return
            try:
                self._begin(name, quantities)
            except Invalid:
                # Pieces that cost nothing.
                return
        elif self.waiting:
            self._answer(name, self.waiting)
            self.waiting = None

    def _wanted(self, wishes: Sequence[int]) -> dict[int, int]:
        items = self.order.items.order_by("pk")
        wanted = {
            item.pk: min(wish, item.quantity - item.refund_quantity)
            for item, wish in zip(items, wishes, strict=False)
        }
        return {pk: count for pk, count in wanted.items() if count}

    def _begin(self, name: str, quantities: dict[int, int] | None) -> None:
        call: dict[str, Any] = {"reason": "理由", "quantities": quantities}
        if name == "ask":
            own = {"order_no": self.order.order_no, "user_id": self.order.user_id}
            self.waiting = refund_request(**own, **call)
        else:
            refund_by_staff(order_id=self.order.pk, operator_id=self.staff.pk, **call)

    def _answer(self, name: str, refund: Refund) -> None:
        call = {"refund_id": refund.pk, "operator_id": self.staff.pk}
        if name == "withdraw":
            refund_withdraw(refund_no=refund.refund_no, user_id=self.order.user_id)
        elif name == "reject":
            refund_reject(**call, answer="不同意")
        else:
            refund_approve(**call, is_restocked=False)


def sums(order: Order) -> tuple[Decimal, Decimal]:
    """Return what the refunds that count come to, and what was paid."""
    payment = Payment.objects.get(order=order)
    counting = order.refunds.counting().values_list("amount", flat=True)
    assert sum(counting) == payment.refund_amount
    return payment.refund_amount, payment.amount


@pytest.fixture
def skus(product_make: Any) -> list[Sku]:
    return [Sku.objects.get(product=product_make(stock=0)) for _ in range(4)]


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines=LINES, steps=STEPS, data=st.data())
def test_any_cut_adds_up_to_what_was_paid(
    shopper: User,
    staff: User,
    skus: list[Sku],
    lines: list[Line],
    steps: list[tuple[str, list[int]]],
    data: st.DataObject,
) -> None:
    goods = sum(price * quantity for price, quantity in lines)
    freight = data.draw(st.integers(0, 1500), "freight")
    discount = data.draw(st.integers(0, goods + freight - 1), "discount")
    placed_with = data.draw(st.integers(0, goods), "placed with")
    prices = {"freight": freight, "discount": discount, "placed_with": placed_with}
    order = bought(shopper, skus, lines, **prices)
    paid_for = lines_paid(order, order.items.all())
    assert sum(paid_for.values()) == goods - min(discount, goods)
    dealings = Dealings(order, staff)
    for name, wishes in steps:
        dealings.step(name, wishes)
        refunded, paid = sums(order)
        assert refunded <= paid
    dealings.step("withdraw", None)
    dealings.step("ask", None)
    dealings.step("approve", None)
    refunded, paid = sums(order)
    assert refunded == paid
