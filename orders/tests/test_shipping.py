"""Parcels: in parts, never a piece twice, and mended when their number was wrong."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from catalog.models import Product
from orders.carriers import CARRIERS
from orders.errors import IllegalTransition, ParcelBooked, PiecesExceeded
from orders.models import Order, OrderEvent, Shipment, ShipmentItem
from orders.services.audit import orders_audit
from orders.services.fulfilment import lines_left, order_ship, shipment_correct
from orders.tests.conftest import line, paid_order
from shop.errors import Invalid


@pytest.fixture
def paid(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """A paid order of 3 packets of tea and 2 cups."""
    return paid_order(shopper_api, line(tea, 3), line(cup, 2))


def ids(order: Order) -> list[int]:
    return list(order.items.values_list("pk", flat=True))


def ship(order: Order, number: str, quantities: dict[int, int] | None = None) -> Any:
    return order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no=number,
        operator_id=None,
        quantities=quantities,
    )


def sent() -> list[tuple[str, int, int]]:
    """List what is in which parcel."""
    rows = ShipmentItem.objects.order_by("pk")
    return list(rows.values_list("shipment__tracking_no", "order_item", "quantity"))


def test_order_is_shipped_with_its_last_piece(
    shopper_api: APIClient, paid: Order, audited: None
) -> None:
    tea, cup = ids(paid)
    ship(paid, "SF1", {tea: 2, cup: 0})
    ship(paid, "SF2", {tea: 1, cup: 1})
    data = shopper_api.get(f"/api/orders/{paid.order_no}").json()["data"]
    assert (data["status"], data["shippedAt"]) == ("paid", None)
    assert [event.to_status for event in OrderEvent.objects.all()] == [
        "pending",
        "paid",
    ]

    last = ship(paid, "SF3")
    data = shopper_api.get(f"/api/orders/{paid.order_no}").json()["data"]
    assert data["status"] == "shipped"
    assert [(each["trackingNo"], each["items"]) for each in data["shipments"]] == [
        ("SF1", [{"itemId": tea, "quantity": 2}]),
        ("SF2", [{"itemId": tea, "quantity": 1}, {"itemId": cup, "quantity": 1}]),
        ("SF3", [{"itemId": cup, "quantity": 1}]),
    ]
    assert Order.objects.get().shipped_at == last.shipped_at
    event = OrderEvent.objects.latest("pk")
    assert (event.from_status, event.to_status, event.reason) == (
        "paid",
        "shipped",
        "顺丰速运 SF3",
    )


def test_everything_left_is_the_default(paid: Order, audited: None) -> None:
    tea, cup = ids(paid)
    ship(paid, "SF1")
    assert sent() == [("SF1", tea, 3), ("SF1", cup, 2)]
    assert Order.objects.get().status == "shipped"


def test_more_than_is_left_is_refused_and_nothing_written(paid: Order) -> None:
    tea, cup = ids(paid)
    ship(paid, "SF1", {tea: 2})
    with pytest.raises(PiecesExceeded) as refusal:
        ship(paid, "SF2", {tea: 2, cup: 3})
    assert refusal.value.message == "商品龙井茶只剩1件未发货"
    assert refusal.value.facts == {
        "items": [
            {"itemId": tea, "name": "龙井茶", "requested": 2, "left": 1},
            {"itemId": cup, "name": "茶杯", "requested": 3, "left": 2},
        ]
    }
    assert sent() == [("SF1", tea, 2)]
    assert Shipment.objects.count() == 1


def test_a_line_that_has_left_is_not_left_again(paid: Order) -> None:
    tea, _ = ids(paid)
    ship(paid, "SF1", {tea: 3})
    with pytest.raises(PiecesExceeded, match="龙井茶只剩0件"):
        ship(paid, "SF2", {tea: 1})
    assert Shipment.objects.count() == 1


@pytest.mark.parametrize("quantity", [0, -1])
def test_an_empty_parcel_is_refused(paid: Order, quantity: int) -> None:
    with pytest.raises(Invalid, match="请选择要发货的商品和数量"):
        ship(paid, "SF1", {ids(paid)[0]: quantity})
    assert Shipment.objects.count() == 0


def test_lines_of_another_order_are_refused(
    shopper_api: APIClient, paid: Order, cup: Product
) -> None:
    other = paid_order(shopper_api, line(cup))
    with pytest.raises(Invalid):
        ship(paid, "SF1", {ids(other)[0]: 1})
    assert Shipment.objects.count() == 0


def test_same_parcel_twice_is_refused(paid: Order) -> None:
    tea, cup = ids(paid)
    ship(paid, "SF1", {tea: 1})
    with pytest.raises(ParcelBooked):
        ship(paid, "SF1", {tea: 1})
    assert sent() == [("SF1", tea, 1)]


def at_once(*works: Callable[[], Any]) -> list[str]:
    """Run all at once; return what each came to, sorted."""
    together = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> str:
        try:
            together.wait()
            work()
        except Exception as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(run, works))


def test_clerks_at_once_ship_no_piece_twice(
    transactional_db: None, paid: Order, audited: None
) -> None:
    tea, _ = ids(paid)
    outcome = at_once(
        *(lambda n=number: ship(paid, f"SF{n}", {tea: 2}) for number in range(4))
    )
    assert outcome == ["PiecesExceeded"] * 3 + ["done"]
    assert [(item, quantity) for _, item, quantity in sent()] == [(tea, 2)]


def test_control_without_the_lock_a_piece_leaves_twice(
    transactional_db: None, paid: Order
) -> None:
    """What the audit is for: two clerks who read before either writes."""
    together = threading.Barrier(2)

    def pack(number: str) -> None:
        shipment = Shipment.objects.create(
            order=paid, carrier="SF", tracking_no=number, shipped_at=paid.created_at
        )
        left = lines_left(paid)
        together.wait()
        ShipmentItem.objects.bulk_create(
            ShipmentItem(shipment=shipment, order_item=item, quantity=count)
            for item, count in left.items()
        )

    assert at_once(lambda: pack("SF1"), lambda: pack("SF2")) == ["done", "done"]
    assert {finding.check for finding in orders_audit()} == {"pieces", "shipped"}


def test_double_click_books_one_parcel(
    transactional_db: None, paid: Order, audited: None
) -> None:
    tea, _ = ids(paid)
    outcome = at_once(*[lambda: ship(paid, "SF1", {tea: 1})] * 3)
    assert outcome == ["ParcelBooked", "ParcelBooked", "done"]
    assert sent() == [("SF1", tea, 1)]


def test_wrong_number_is_mended_until_the_order_ends(
    shopper_api: APIClient, paid: Order, audited: None
) -> None:
    tea, _ = ids(paid)
    first, _ = ship(paid, "SF1", {tea: 1}), ship(paid, "SF2")
    shipment_correct(shipment_id=first.pk, carrier="YD", tracking_no="YD9")
    data = shopper_api.get(f"/api/orders/{paid.order_no}").json()["data"]
    assert [(each["carrier"], each["trackingNo"]) for each in data["shipments"]] == [
        ("YD", "YD9"),
        ("SF", "SF2"),
    ]
    assert sent()[0] == ("YD9", tea, 1)

    with pytest.raises(ParcelBooked):
        shipment_correct(shipment_id=first.pk, carrier="SF", tracking_no="SF2")
    shopper_api.post(f"/api/orders/{paid.order_no}/confirm")
    with pytest.raises(IllegalTransition, match="订单已完成,不能更正运单"):
        shipment_correct(shipment_id=first.pk, carrier="SF", tracking_no="SF3")
    assert str(Shipment.objects.first()) == "韵达速递 YD9"


def test_carriers_fit_the_column() -> None:
    assert max(map(len, CARRIERS)) <= Shipment._meta.get_field("carrier").max_length


def test_parcels_of_before_get_their_items_once(
    shopper_api: APIClient, paid: Order, cup: Product, audited: None
) -> None:
    """An order that was shipped before parcels had items, and one that has some."""
    other = paid_order(shopper_api, line(cup))
    ship(other, "SF2")
    ship(paid, "SF1")
    ShipmentItem.objects.filter(shipment__order=paid).delete()
    fill = import_module("orders.migrations.0003_shipmentitem_fill").FILL
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(fill)
    tea_line, cup_line = ids(paid)
    assert sorted(sent()) == [
        ("SF1", tea_line, 3),
        ("SF1", cup_line, 2),
        ("SF2", ids(other)[0], 1),
    ]


def test_last_parcels_at_once_ship_the_order_once(
    transactional_db: None, paid: Order, audited: None
) -> None:
    tea, cup = ids(paid)
    outcome = at_once(
        lambda: ship(paid, "SF1", {tea: 3}), lambda: ship(paid, "SF2", {cup: 2})
    )
    assert outcome == ["done", "done"]
    assert Order.objects.get().status == "shipped"
    assert OrderEvent.objects.filter(to_status="shipped").count() == 1
