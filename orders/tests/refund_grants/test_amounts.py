"""What staff give of what pieces and freight are worth; the rest is kept."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from orders.models import Order, Payment
from orders.services.refunds import Amounts, refund_reject
from orders.tests.refund_grants.granting import approve, give, lines_of, refused
from orders.tests.refunding import asked, pieces, settled, ship
from shop.errors import Invalid

pytestmark = pytest.mark.usefixtures("audited")


def test_less_is_granted_and_the_rest_is_kept_for_good(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    ship(order)
    tea, cup = lines_of(order)
    refund = asked(shopper_api, order, items=pieces(order, 2, 1))
    assert (str(refund.amount), str(refund.requested_amount)) == ("223.50", "223.50")
    approve(refund, staff, Amounts({tea: Decimal("150.00"), cup: Decimal("0.00")}))
    refund.refresh_from_db()
    assert (str(refund.amount), str(refund.kept_amount)) == ("150.00", "73.50")
    assert list(refund.items.values_list("amount", "kept_amount")) == [
        (Decimal("150.00"), Decimal("48.00")),
        (Decimal("0.00"), Decimal("25.50")),
    ]
    assert str(Payment.objects.get().refund_amount) == "150.00"
    settled(refund)
    data = shopper_api.get(f"/api/refunds/{refund.refund_no}").json()["data"]
    assert (data["amount"], data["requestedAmount"]) == ("150.00", "223.50")
    assert [item["amount"] for item in data["items"]] == ["150.00", "0.00"]

    # The last piece brings its own price and the freight, and nothing that was kept.
    last = give(order, staff, 1, 0)
    assert str(last.amount) == "111.00"
    settled(last)
    order.refresh_from_db()
    assert (order.status, str(order.refunded_amount)) == ("shipped", "261.00")


def test_freight_is_given_in_part_with_the_last_pieces(
    order: Order, staff: User
) -> None:
    ship(order)
    message = refused(
        Invalid, lambda: give(order, staff, 3, 0, freight=Decimal("1.00"))
    )
    assert message == "运费最多可退¥0.00"
    refund = give(order, staff, 3, 1, freight=Decimal("2.00"))
    assert (str(refund.amount), str(refund.kept_amount)) == ("324.50", "10.00")


@pytest.mark.parametrize(
    ("tea_amount", "cup_amount", "message"),
    [
        ("198.01", "25.50", "商品龙井茶最多可退¥198.00"),
        ("198.00", "25.51", "商品茶杯最多可退¥25.50"),
        ("-0.01", "25.50", "商品龙井茶最多可退¥198.00"),
        ("0.00", "0.00", "退款金额不能少于0.01元"),
    ],
)
def test_never_more_than_the_pieces_are_worth_and_never_nothing(
    shopper_api: APIClient,
    order: Order,
    staff: User,
    tea_amount: str,
    cup_amount: str,
    message: str,
) -> None:
    ship(order)
    tea, cup = lines_of(order)
    amounts = {tea: Decimal(tea_amount), cup: Decimal(cup_amount)}
    refund = asked(shopper_api, order, items=pieces(order, 2, 1))
    assert refused(Invalid, lambda: approve(refund, staff, Amounts(amounts))) == message


def test_what_has_not_left_is_paid_back_whole(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    """Else an order of which nothing left would be cancelled for a fen."""
    tea, cup = lines_of(order)
    ship(order, {tea: 1})
    refund = asked(shopper_api, order, items=pieces(order, 3, 1))

    def given(**lines: str) -> Amounts:
        named = {"tea": tea, "cup": cup}
        return Amounts({named[name]: Decimal(one) for name, one in lines.items()})

    told = refused(Invalid, lambda: approve(refund, staff, given(tea="197.99")))
    assert told == "商品龙井茶有2件未发货,最少退¥198.00"
    told = refused(Invalid, lambda: approve(refund, staff, given(cup="25.49")))
    assert told == "商品茶杯有1件未发货,最少退¥25.50"
    approve(refund, staff, given(tea="198.00"))
    refund.refresh_from_db()
    assert (str(refund.amount), str(refund.kept_amount)) == ("235.50", "99.00")


def test_freight_is_paid_back_whole_while_no_parcel_has_left(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    refund = asked(shopper_api, order)
    less = Amounts(freight=Decimal("11.99"))
    told = refused(Invalid, lambda: approve(refund, staff, less))
    assert told == "还没有发出包裹,运费¥12.00须全额退还"
    refund_reject(refund_id=refund.pk, operator_id=staff.pk, answer="不退")
    refused(Invalid, lambda: give(order, staff, 3, 1, freight=Decimal("0.00")))


def test_what_is_dropped_keeps_nothing(
    shopper_api: APIClient, order: Order, staff: User, second: User, two_people: None
) -> None:
    ship(order)
    tea, _ = lines_of(order)
    given = give(order, staff, 3, 0, lines={tea: Decimal("120.00")})
    assert str(given.kept_amount) == "177.00"
    refund_reject(refund_id=given.pk, operator_id=second.pk, answer="不必")
    assert str(asked(shopper_api, order).amount) == "334.50"
