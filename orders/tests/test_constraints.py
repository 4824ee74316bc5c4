"""The last guards of money, pieces and parcels: what the tables themselves refuse."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order, OrderItem, Payment, Refund, RefundItem, Shipment
from orders.tests.conftest import line, placed
from orders.tests.refunding import asked, completed_order

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def order(shopper_api: APIClient, tea: Product) -> Order:
    """A completed order of three teas, one of which is to go back."""
    order = completed_order(shopper_api, line(tea, 3))
    item = order.items.get()
    asked(shopper_api, order, items=[{"itemId": item.pk, "quantity": 1}])
    return order


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("orders_payment SET amount = 0, refund_amount = 0", "payment_amount_min"),
        ("orders_payment SET state = 'lost'", "payment_state_is_known"),
        ("orders_payment SET facts = NULL", "payment_received_with_facts"),
        ("orders_payment SET paid_at = NULL", "payment_received_with_facts"),
        ("orders_payment SET transaction_id = NULL", "payment_received_with_facts"),
        (
            "orders_payment SET state = 'undue', facts = NULL",
            "payment_received_with_facts",
        ),
        ("orders_payment SET refund_amount = -0.01", "payment_refund_range"),
        ("orders_payment SET refund_amount = 297.01", "payment_refund_range"),
        ("orders_refund SET state = 'lost'", "refund_state_known"),
        ("orders_refund SET amount = 0", "refund_amount_min"),
        ("orders_refund SET state = 'processing'", "refund_accepted_with_time"),
        ("orders_refund SET state = 'succeeded'", "refund_accepted_with_time"),
        ("orders_refunditem SET quantity = -1", "orders_refunditem_quantity_check"),
        (
            "orders_refunditem SET quantity = 0, unshipped_quantity = 0, amount = 0",
            "refunditem_pieces_or_money",
        ),
        ("orders_refunditem SET unshipped_quantity = 2", "refunditem_pieces_or_money"),
        ("orders_refunditem SET kept_amount = -0.01", "refunditem_kept_min"),
        ("orders_refunditem SET amount = -0.01", "refunditem_amount_min"),
        ("orders_orderitem SET refund_quantity = 4", "orderitem_refund_max"),
        ("orders_order SET closing_at = now()", "order_closing_before_shipped"),
        ("orders_shipmentitem SET quantity = 0", "shipmentitem_quantity_min"),
    ],
)
def test_what_cannot_be_is_refused(order: Order, change: str, constraint: str) -> None:
    refused = pytest.raises(IntegrityError, match=f'"{constraint}"')
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {change}")


@pytest.mark.parametrize(
    ("model", "values", "constraint"),
    [
        (RefundItem, {}, "refunditem_line_once"),
        (Payment, {"transaction_id": "x"}, "orders_payment_out_trade_no_key"),
        (Payment, {"out_trade_no": "x"}, "orders_payment_transaction_id_key"),
        (
            Payment,
            {"out_trade_no": "x", "transaction_id": "x"},
            "payment_one_success",
        ),
        (Refund, {"refund_no": "x", "state": "rejected"}, "out_refund_no_key"),
        (Refund, {"out_refund_no": "x", "state": "rejected"}, "refund_no_key"),
        (Refund, {"refund_no": "x", "out_refund_no": "x"}, "refund_one_asked"),
        (Shipment, {}, "shipment_once"),
        (OrderItem, {}, "orderitem_sku_once"),
    ],
)
def test_what_there_is_once_is_not_written_twice(
    order: Order, model: Any, values: dict[str, str], constraint: str
) -> None:
    row = model.objects.get()
    row.pk = None
    for name, value in values.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save(force_insert=True)


def test_an_order_has_one_open_attempt(shopper_api: APIClient, tea: Product) -> None:
    order = Order.objects.get(order_no=placed(shopper_api, line(tea))["orderNo"])
    attempt = {"order": order, "amount": "99.00", "expires_at": order.expires_at}
    Payment.objects.create(out_trade_no="first", **attempt)
    refused = pytest.raises(IntegrityError, match='"payment_one_open"')
    with refused, transaction.atomic():
        Payment.objects.create(out_trade_no="second", **attempt)
    Payment.objects.filter(out_trade_no="first").update(state="closed")
    Payment.objects.create(out_trade_no="second", **attempt)
