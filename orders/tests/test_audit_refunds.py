"""orders_audit on money that goes back: each invariant's breach is found."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Payment, Refund
from orders.numbers import out_trade_no_make
from orders.services.audit import orders_audit
from orders.services.closing import order_cancel
from orders.services.payments import payment_settle
from orders.services.refunds import (
    Amounts,
    refund_approve,
    refund_by_staff,
    refund_request,
    refund_settle,
)
from orders.tests.conftest import (
    line,
    paid_order,
    payment_facts,
    refund_facts,
)
from orders.tests.refunding import ship
from orders.tests.test_audit import checks, sql


@pytest.fixture
def books(
    shopper_api: APIClient, staff: User, tea: Product, cup: Product
) -> dict[str, Order]:
    """An order for each way in which money goes back. The books are right."""
    names = ("partly", "whole", "asked", "closing", "twice")
    orders = {name: paid_order(shopper_api, line(tea), line(cup)) for name in names}
    by_staff = {"operator_id": staff.pk, "reason": "缺货"}
    cup_line = orders["partly"].items.get(name="茶杯")
    part = refund_by_staff(
        order_id=orders["partly"].pk, quantities={cup_line.pk: 1}, **by_staff
    )
    whole = refund_by_staff(order_id=orders["whole"].pk, **by_staff)
    for refund in (part, whole):
        refund_settle(facts=refund_facts(refund, "SUCCESS"))
    user_id = orders["asked"].user_id
    refund_request(order_no=orders["asked"].order_no, user_id=user_id, reason="不合适")
    order_cancel(order_no=orders["closing"].order_no, user_id=user_id)
    second = Payment.objects.create(
        order=orders["twice"],
        out_trade_no=out_trade_no_make(order_no=orders["twice"].order_no, attempt=2),
        amount=Decimal("124.50"),
        expires_at=orders["twice"].expires_at,
    )
    payment_settle(facts=payment_facts(second))
    orders["granted"] = paid_order(shopper_api, line(tea))
    ship(orders["granted"])
    request = refund_request(
        order_no=orders["granted"].order_no, user_id=user_id, reason="破损"
    )
    tea_line = orders["granted"].items.get()
    refund_approve(
        refund_id=request.pk,
        operator_id=staff.pk,
        is_restocked=False,
        amounts=Amounts({tea_line.pk: Decimal("60.00")}),
    )
    return orders


def test_true_books_have_no_finding(books: dict[str, Order]) -> None:
    assert orders_audit() == []
    states = Refund.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [
        "succeeded",
        "succeeded",
        "requested",
        "approved",
        "approved",
        "approved",
    ]


def test_money_without_pieces_may_come_back_after_the_order_has_ended(
    shopper_api: APIClient, staff: User, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea))
    tea_line = order.items.get()
    given = refund_by_staff(
        order_id=order.pk,
        operator_id=staff.pk,
        reason="赔付",
        quantities={},
        amounts=Amounts({tea_line.pk: Decimal("1.09")}),
    )
    order_cancel(order_no=order.order_no, user_id=order.user_id)
    rest = Refund.objects.exclude(pk=given.pk).get()
    assert orders_audit() == []
    refund_settle(facts=refund_facts(rest, "SUCCESS"))
    order.refresh_from_db()
    assert (order.status, given.state) == ("cancelled", "approved")
    assert orders_audit() == []
    refund_settle(facts=refund_facts(given, "ABNORMAL"))
    assert orders_audit() == []
    # But no order ends before its last piece was taken back.
    Refund.objects.filter(pk=rest.pk).update(state="approved", accepted_at=None)
    [found] = [finding for finding in orders_audit() if finding.check == "paid"]
    total = order.total_amount
    assert found.problem == (
        f"is cancelled, paid {total} of {total}, 1.09 of {total} that was granted"
        " went back"
    )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        # refunds
        (
            sql(
                "UPDATE orders_payment SET refund_amount = 1"
                " WHERE order_id = %(partly)s"
            ),
            {"refunded"},
        ),
        (
            sql(
                "UPDATE orders_refund SET amount = amount - 1"
                " WHERE order_id = %(asked)s"
            ),
            {"refunded", "refund_lines"},
        ),
        (
            sql(
                "ALTER TABLE orders_payment DROP CONSTRAINT payment_refund_range;"
                "UPDATE orders_payment SET refund_amount = 125"
                " WHERE order_id = %(asked)s;"
                "UPDATE orders_refund SET amount = 125 WHERE order_id = %(asked)s"
            ),
            {"refunded", "refund_whole"},
        ),
        (
            sql(
                "UPDATE orders_orderitem SET refund_quantity = 0"
                " WHERE order_id = %(asked)s"
            ),
            {"refund_pieces"},
        ),
        (
            sql(
                "UPDATE orders_refunditem SET amount = amount + 1"
                " WHERE refund_id ="
                " (SELECT id FROM orders_refund WHERE order_id = %(partly)s)"
            ),
            {"refund_lines"},
        ),
        (
            sql(
                "UPDATE orders_refund SET order_id = %(twice)s"
                " WHERE order_id = %(asked)s"
            ),
            {"refund_lines"},
        ),
        (
            sql(
                "UPDATE orders_refund SET amount = amount - 1"
                " WHERE order_id = %(asked)s;"
                "UPDATE orders_payment SET refund_amount = refund_amount - 1"
                " WHERE order_id = %(asked)s;"
                "UPDATE orders_refunditem SET amount = 1"
                " WHERE refund_id ="
                " (SELECT id FROM orders_refund WHERE order_id = %(asked)s)"
            ),
            {"refund_whole"},
        ),
        (
            sql(
                "UPDATE orders_refundevent SET from_state = 'failed'"
                " WHERE to_state = 'succeeded'"
            ),
            {"refund_events"},
        ),
        (
            sql(
                "INSERT INTO orders_refundevent"
                " (refund_id, from_state, to_state, reason, created_at)"
                " SELECT id, 'requested', 'succeeded', '', now() FROM orders_refund"
                " WHERE order_id = %(asked)s"
            ),
            {"refund_events", "refund_last_event"},
        ),
        (
            sql(
                "DELETE FROM orders_refundevent"
                " WHERE refund_id ="
                " (SELECT id FROM orders_refund WHERE order_id = %(asked)s)"
            ),
            {"refund_last_event"},
        ),
        (
            sql(
                "UPDATE orders_refund SET kept_amount = kept_amount - 1"
                " WHERE order_id = %(granted)s"
            ),
            {"refund_lines", "refund_whole"},
        ),
        (
            sql(
                "UPDATE orders_refund SET kept_amount = kept_amount + 1"
                " WHERE order_id = %(granted)s"
            ),
            {"refund_whole"},
        ),
        (
            sql(
                "UPDATE orders_refund SET kept_amount = 0.51 WHERE order_id = %(asked)s"
            ),
            {"refund_whole"},
        ),
        (
            # Of an order of which nothing has left nothing is kept.
            sql(
                "WITH refund AS (UPDATE orders_refund SET amount = amount - 1,"
                " kept_amount = kept_amount + 1 WHERE order_id = %(whole)s"
                " RETURNING id, payment_id), payment AS (UPDATE orders_payment"
                " SET refund_amount = refund_amount - 1 FROM refund"
                " WHERE orders_payment.id = payment_id)"
                " UPDATE orders_refunditem SET amount = amount - 1, kept_amount = 1"
                " FROM refund WHERE refund_id = refund.id AND amount = 99"
            ),
            {"refund_whole"},
        ),
        (
            sql(
                "UPDATE orders_refund refund SET agreed_at = now(), agreed_by_id ="
                " (SELECT operator_id FROM orders_refundevent"
                " WHERE refund_id = refund.id AND to_state = 'approved')"
                " WHERE order_id = %(granted)s"
            ),
            {"refund_second"},
        ),
        (
            sql(
                "UPDATE orders_refundevent SET deed = 'agreed'"
                " WHERE from_state = 'requested'"
            ),
            {"refund_events"},
        ),
        (
            sql("UPDATE orders_refund SET due_at = NULL WHERE order_id = %(closing)s"),
            {"refund_forgotten"},
        ),
        (
            sql("UPDATE orders_refund SET is_return = true WHERE order_id = %(asked)s"),
            {"refund_returns"},
        ),
        (
            sql(
                "UPDATE orders_refund SET is_return = true, state = 'returning',"
                " return_before = now(), granted_at = NULL"
                " WHERE order_id = %(granted)s;"
                "UPDATE orders_refundevent SET to_state = 'returning'"
                " WHERE to_state = 'approved' AND refund_id ="
                " (SELECT id FROM orders_refund WHERE order_id = %(granted)s)"
            ),
            {"refund_events", "refund_returns"},
        ),
        # stock and sales
        (
            sql("DELETE FROM catalog_stockmovement WHERE reason = 'refund'"),
            {"held", "per_refund", "ledger", "balance"},
        ),
        (
            sql(
                "UPDATE orders_refunditem SET unshipped_quantity = 0"
                " WHERE refund_id ="
                " (SELECT id FROM orders_refund WHERE order_id = %(partly)s)"
            ),
            {"held", "per_refund"},
        ),
        (
            sql(
                "UPDATE catalog_product SET sales = sales + 1 WHERE id ="
                " (SELECT min(product_id) FROM orders_orderitem)"
            ),
            {"sales"},
        ),
        # money
        (
            sql(
                "DELETE FROM orders_refundevent"
                " WHERE refund_id ="
                " (SELECT id FROM orders_refund WHERE order_id = %(twice)s);"
                "UPDATE orders_payment SET refund_amount = 0 WHERE state = 'undue';"
                "DELETE FROM orders_paymentanomaly;"
                "DELETE FROM orders_refund WHERE order_id = %(twice)s"
            ),
            {"undue"},
        ),
        (
            sql("UPDATE orders_payment SET facts = '{}' WHERE state = 'undue'"),
            {"verified"},
        ),
        (
            sql(
                "UPDATE orders_order SET status = 'paid', cancelled_at = NULL"
                " WHERE id = %(whole)s"
            ),
            {"shipped", "last_event"},
        ),
        (
            sql(
                "UPDATE orders_order SET status = 'cancelled', closing_at = NULL"
                " WHERE id = %(closing)s"
            ),
            {"paid", "last_event"},
        ),
        # orders
        (
            sql("UPDATE orders_order SET closing_at = now() WHERE id = %(asked)s"),
            {"closing"},
        ),
        (
            sql(
                "INSERT INTO orders_shipment"
                " (order_id, carrier, tracking_no, shipped_at)"
                " VALUES (%(asked)s, 'SF', 'SF1', now());"
                "INSERT INTO orders_shipmentitem (shipment_id, order_item_id, quantity)"
                " SELECT currval('orders_shipment_id_seq'), min(id), 1"
                " FROM orders_orderitem WHERE order_id = %(asked)s"
            ),
            {"pieces"},
        ),
    ],
)
def test_each_breach_is_found(
    books: dict[str, Order], change: Callable[[dict[str, Order]], None], found: set[str]
) -> None:
    change(books)
    assert checks() == found
