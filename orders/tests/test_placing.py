"""POST /api/orders: what is bought, what is answered, what is written."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Address, User
from catalog.models import Product, Sku, StockMovement
from orders.models import CartItem, Order, OrderEvent
from orders.tests.conftest import ADDRESS, body, line, placed, stock_of

pytestmark = pytest.mark.usefixtures("audited")


def test_order_answers_with_its_whole_shape(
    shopper_api: APIClient, shopper: User, tea: Product, cup: Product
) -> None:
    data = placed(shopper_api, line(tea, 2), line(cup), remark="请尽快发货")
    order = Order.objects.get()
    times = {data.pop(name) for name in ("createdAt", "updatedAt", "expiresAt")}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", t) for t in times)
    items = list(order.items.all())
    assert data == {
        "orderNo": order.order_no,
        "userId": shopper.pk,
        "items": [
            {
                "id": items[0].pk,
                "productId": tea.pk,
                "skuId": items[0].sku_id,
                "name": "龙井茶",
                "specs": {},
                "price": "99.00",
                "quantity": 2,
                "refundQuantity": 0,
                "reviewed": False,
                "image": "",
            },
            {
                "id": items[1].pk,
                "productId": cup.pk,
                "skuId": items[1].sku_id,
                "name": "茶杯",
                "specs": {},
                "price": "25.50",
                "quantity": 1,
                "refundQuantity": 0,
                "reviewed": False,
                "image": "",
            },
        ],
        "goodsAmount": "223.50",
        "freightAmount": "0.00",
        "discountAmount": "0.00",
        "totalAmount": "223.50",
        "refundedAmount": "0.00",
        "status": "pending",
        "closing": False,
        "address": ADDRESS,
        "remark": "请尽快发货",
        "actions": ["pay", "cancel"],
        "paidAt": None,
        "shippedAt": None,
        "completedAt": None,
        "cancelledAt": None,
        "remindedAt": None,
        "shipments": [],
        "replacedBy": None,
    }
    assert (order.expires_at - order.created_at).total_seconds() == 30 * 60


def test_answer_equals_what_is_read_later(
    shopper_api: APIClient, tea: Product, two_skus: tuple[Product, Sku, Sku]
) -> None:
    shirt, small, large = two_skus
    data = placed(
        shopper_api,
        line(tea),
        {"productId": shirt.pk, "skuId": large.pk, "quantity": 2},
        {"productId": shirt.pk, "skuId": small.pk, "quantity": 1},
    )
    later = shopper_api.get(f"/api/orders/{data['orderNo']}").json()["data"]
    assert later == data
    assert [item["specs"] for item in data["items"]] == [
        {},
        {"尺码": "S"},
        {"尺码": "L"},
    ]
    assert data["totalAmount"] == "269.00"


def test_stock_ledger_and_event_are_written(
    shopper_api: APIClient, shopper: User, tea: Product
) -> None:
    data = placed(shopper_api, line(tea, 3))
    assert stock_of(tea) == 7
    movement = StockMovement.objects.latest("pk")
    assert (movement.delta, movement.balance, movement.reason, movement.reference) == (
        -3,
        7,
        "order",
        data["orderNo"],
    )
    event = OrderEvent.objects.get()
    assert (event.from_status, event.to_status, event.operator_id) == (
        "",
        "pending",
        shopper.pk,
    )


def test_duplicate_lines_are_merged(
    shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    sku = Sku.objects.get(product=tea)
    data = placed(
        shopper_api,
        line(tea, 2),
        line(cup, 1),
        {"productId": tea.pk, "skuId": sku.pk, "quantity": 3},
    )
    assert [(i["productId"], i["quantity"]) for i in data["items"]] == [
        (tea.pk, 5),
        (cup.pk, 1),
    ]
    assert stock_of(tea) == 5


def test_prices_come_from_the_database_alone(
    shopper_api: APIClient, other_shopper: User, tea: Product
) -> None:
    wish = {**line(tea), "price": "0.01", "name": "假货"}
    data = placed(
        shopper_api,
        wish,
        totalAmount="0.01",
        goodsAmount="0.01",
        discountAmount="98.99",
        status="paid",
        userId=other_shopper.pk,
        orderNo="X" * 24,
        paidAt="2020-01-01T00:00:00+08:00",
    )
    assert (data["totalAmount"], data["status"]) == ("99.00", "pending")
    assert data["items"][0]["name"] == "龙井茶"
    order = Order.objects.get()
    assert order.user_id != other_shopper.pk
    assert order.paid_at is None
    assert order.discount_amount == Decimal("0.00")


def test_address_of_the_book_is_copied(
    shopper_api: APIClient, shopper: User, tea: Product
) -> None:
    address = Address.objects.create(user=shopper, **ADDRESS)
    response = shopper_api.post(
        "/api/orders", {"items": [line(tea)], "addressId": address.pk}, format="json"
    )
    address.delete()
    order_no = response.json()["data"]["orderNo"]
    later = shopper_api.get(f"/api/orders/{order_no}").json()["data"]
    assert later["address"] == ADDRESS


def test_somebody_elses_address_does_not_exist(
    shopper_api: APIClient, other_shopper: User, tea: Product
) -> None:
    address = Address.objects.create(user=other_shopper, **ADDRESS)
    response = shopper_api.post(
        "/api/orders", {"items": [line(tea)], "addressId": address.pk}, format="json"
    )
    assert response.status_code == 404
    assert response.json()["message"] == "地址不存在"
    assert Order.objects.count() == 0


def test_number_sorts_by_time_and_ends_in_the_users_digits(
    shopper_api: APIClient, shopper: User, tea: Product
) -> None:
    numbers = [placed(shopper_api, line(tea))["orderNo"] for _ in range(5)]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 5
    for number in numbers:
        assert re.fullmatch(r"\d{15}[0-9A-Z]{5}\d{4}", number)
        assert number.endswith(f"{shopper.pk % 10000:04d}")


def test_an_order_from_the_cart_empties_its_lines(
    shopper_api: APIClient,
    shopper: User,
    other_shopper: User,
    tea: Product,
    cup: Product,
    two_skus: tuple[Product, Sku, Sku],
) -> None:
    shirt, small, large = two_skus
    skus = [*Sku.objects.filter(product__in=[tea, cup]), small, large]
    for user in (shopper, other_shopper):
        for sku in skus:
            CartItem.objects.create(
                user=user, sku=sku, quantity=2, price_added=sku.price
            )

    def carts() -> list[tuple[str, str]]:
        rows = CartItem.objects.order_by("user", "sku")
        return list(rows.values_list("user__openid", "sku__product__name"))

    others = [(other_shopper.openid, sku.product.name) for sku in skus]
    placed(shopper_api, line(cup))
    assert len(carts()) == 8
    # Refused: what was in the cart stays.
    lines = [line(tea), {"productId": shirt.pk, "skuId": large.pk, "quantity": 8}]
    sent = body(*lines, fromCart=True)
    assert shopper_api.post("/api/orders", sent, format="json").status_code == 409
    assert len(carts()) == 8
    lines[1]["quantity"] = 1
    order = placed(shopper_api, *lines, fromCart=True)
    assert len(order["items"]) == 2
    assert carts() == [(shopper.openid, "茶杯"), (shopper.openid, "T恤"), *others]


@pytest.mark.parametrize("lines", [1, 50])
@pytest.mark.parametrize("key", [None, "a-key"])
@pytest.mark.parametrize("book", [False, True])
def test_two_statements_whatever_the_lines(
    shopper_api: APIClient,
    shopper: User,
    product_make: Callable[..., Product],
    lines: int,
    key: str | None,
    book: bool,
) -> None:
    products = [product_make(f"商品{n}", image="uploads/a.jpg") for n in range(lines)]
    request = body(*map(line, products))
    if book:
        address = Address.objects.create(user=shopper, **ADDRESS)
        del request["address"]
        request["addressId"] = address.pk
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    with CaptureQueriesContext(connection) as queries:
        response = shopper_api.post("/api/orders", request, format="json", **headers)
    assert response.status_code == 201
    statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    # User and session, and the order with all that it checks and writes.
    assert len(statements) == 2, statements


def test_only_shoppers_order(
    api: APIClient, staff_api: APIClient, tea: Product
) -> None:
    assert api.post("/api/orders", body(line(tea)), format="json").status_code == 401
    response = staff_api.post("/api/orders", body(line(tea)), format="json")
    assert response.status_code == 403
    assert Order.objects.count() == 0
