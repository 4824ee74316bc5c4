"""orders_audit: silent on true books, and each invariant's breach is found."""

from collections.abc import Callable
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Payment
from orders.services.audit import orders_audit
from orders.services.fulfilment import order_ship
from orders.services.repricing import Price, order_reprice
from orders.tests.conftest import line, paid_order, placed


@pytest.fixture
def books(
    shopper_api: APIClient, tea: Product, cup: Product, staff: User
) -> dict[str, Order]:
    """One order of each sort; the pending one was repriced. The books are right."""

    def order(*, is_paid: bool = False) -> Order:
        lines = line(tea), line(cup)
        if is_paid:
            return paid_order(shopper_api, *lines)
        return Order.objects.get(order_no=placed(shopper_api, *lines)["orderNo"])

    orders = {
        "shipped": order(is_paid=True),
        "pending": order(),
        "paid": order(is_paid=True),
        "cancelled": order(),
    }
    call = {"carrier": "SF", "tracking_no": "SF1", "operator_id": None}
    order_ship(order_id=orders["shipped"].pk, **call)
    order_reprice(
        order_id=orders["pending"].pk,
        seen=Price(Decimal("0.00"), Decimal("0.00")),
        new=Price(Decimal("5.00"), Decimal("0.00")),
        operator_id=staff.pk,
        reason="偏远地区",
    )
    shopper_api.post(f"/api/orders/{orders['cancelled'].order_no}/cancel")
    return orders


def checks() -> set[str]:
    return {finding.check for finding in orders_audit()}


def test_true_books_have_no_finding(books: dict[str, Order]) -> None:
    assert orders_audit() == []
    out = StringIO()
    call_command("orders_audit", stdout=out)
    assert out.getvalue() == "audit: 0 findings\n"


def sql(statement: str) -> Callable[[dict[str, Order]], None]:
    def change(books: dict[str, Order]) -> None:
        with connection.cursor() as cursor:
            # What is still to be checked at the commit forbids ALTER TABLE.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(statement, {name: o.pk for name, o in books.items()})

    return change


def second_success(books: dict[str, Order]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX payment_one_success")
    Payment.objects.create(
        order=books["paid"],
        out_trade_no="P2",
        amount=Decimal("124.50"),
        expires_at=timezone.now(),
        state="succeeded",
        transaction_id="43",
        facts={"amount": {"total": 12450}},
        paid_at=timezone.now(),
    )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (sql("UPDATE catalog_sku SET stock = stock + 1"), {"ledger"}),
        (
            sql(
                "UPDATE orders_orderitem SET product_id = product_id + 1"
                " WHERE order_id = %(pending)s"
            ),
            {"product"},
        ),
        (sql("UPDATE catalog_productcount SET delta = delta + 1"), {"count"}),
        (
            sql("UPDATE catalog_stockmovement SET balance = balance + 1 WHERE delta>0"),
            {"balance"},
        ),
        (
            sql(
                "ALTER TABLE catalog_sku DROP CONSTRAINT sku_stock_min;"
                "UPDATE catalog_sku SET stock = -1"
            ),
            {"stock", "ledger"},
        ),
        (
            sql(
                "UPDATE orders_orderitem SET quantity = 2, price = price / 2"
                " WHERE order_id = %(pending)s"
            ),
            {"held", "per_order"},
        ),
        (
            sql("DELETE FROM catalog_stockmovement WHERE reason = 'order_cancelled'"),
            {"held", "per_order", "ledger"},
        ),
        (
            sql(
                "UPDATE catalog_stockmovement SET reference = reference || 'X'"
                " WHERE reason = 'order'"
            ),
            {"per_order"},
        ),
        (
            sql("UPDATE orders_orderitem SET price = 1 WHERE order_id = %(paid)s"),
            {"amounts"},
        ),
        (
            sql(
                "UPDATE orders_orderitem SET discount_amount = 0.01"
                " WHERE order_id = %(pending)s"
            ),
            {"discounts"},
        ),
        (second_success, {"one_payment"}),
        (
            sql("UPDATE orders_order SET status = 'paid' WHERE id = %(pending)s"),
            {"paid", "last_event", "sales"},
        ),
        (
            sql("UPDATE orders_order SET status = 'pending' WHERE id = %(paid)s"),
            {"paid", "last_event", "sales"},
        ),
        (
            sql(
                "UPDATE orders_payment SET amount = 1;"
                'UPDATE orders_payment SET facts = \'{"amount":{"total":100}}\''
            ),
            {"paid"},
        ),
        (
            sql('UPDATE orders_payment SET facts = \'{"amount": {"total": 1}}\''),
            {"verified"},
        ),
        (sql("UPDATE orders_payment SET facts = '{}'"), {"verified"}),
        (
            sql(
                "UPDATE orders_orderevent SET from_status = 'shipped'"
                " WHERE to_status = 'paid'"
            ),
            {"events"},
        ),
        (
            sql("DELETE FROM orders_orderevent WHERE to_status = 'cancelled'"),
            {"last_event"},
        ),
        (
            sql("DELETE FROM orders_orderevent WHERE order_id = %(pending)s"),
            {"last_event"},
        ),
        (sql("UPDATE catalog_product SET sales = sales + 1"), {"sales"}),
        (
            sql(
                "UPDATE orders_order SET discount_amount = 1,"
                " total_amount = total_amount - 1 WHERE id = %(pending)s"
            ),
            {"price_change"},
        ),
        (
            sql(
                "INSERT INTO orders_payment (order_id, out_trade_no, amount, state,"
                " expires_at, prepay_id, created_at, updated_at) SELECT %(pending)s,"
                " 'P9', 1, 'open', now(), '', now(), now()"
            ),
            {"old_price"},
        ),
        (
            sql(
                "UPDATE orders_shipment SET order_id = %(paid)s"
                " WHERE order_id = %(shipped)s"
            ),
            {"parcels"},
        ),
        (sql("UPDATE orders_shipmentitem SET quantity = 2"), {"pieces"}),
        (
            sql(
                "DELETE FROM orders_shipmentitem WHERE id ="
                " (SELECT min(id) FROM orders_shipmentitem)"
            ),
            {"shipped"},
        ),
        (
            sql(
                "UPDATE orders_shipmentitem SET order_item_id = other.id FROM"
                " orders_orderitem mine JOIN orders_orderitem other"
                " ON other.sku_id = mine.sku_id AND other.order_id = %(paid)s"
                " WHERE mine.id = order_item_id"
            ),
            {"parcels", "shipped"},
        ),
        (
            sql(
                "INSERT INTO orders_payment (order_id, out_trade_no, amount, state,"
                " expires_at, prepay_id, created_at, updated_at) SELECT %(cancelled)s,"
                " 'P9', 1, 'open', now(), '', now(), now()"
            ),
            {"unclosed"},
        ),
    ],
)
def test_each_breach_is_found(
    books: dict[str, Order], change: Callable[[dict[str, Order]], None], found: set[str]
) -> None:
    change(books)
    assert checks() == found


def test_money_of_a_cancelled_order_is_found(books: dict[str, Order]) -> None:
    """Late money must be seen until it is given back."""
    paid = books["paid"]
    Order.objects.filter(pk=paid.pk).update(status="cancelled")
    assert "paid" in checks()


def test_command_lists_findings_and_fails(books: dict[str, Order]) -> None:
    Product.objects.filter(name="龙井茶").update(sales=9)
    out = StringIO()
    with pytest.raises(CommandError, match="1 findings"):
        call_command("orders_audit", stdout=out)
    product = Product.objects.get(name="龙井茶")
    assert out.getvalue() == (
        f"sales: product {product.pk}: sales are 9, its paid orders hold 2\n"
    )
