"""Somebody else's rows, named in a body: they do not exist, nor change."""

import re
from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from orders.models import Order, OrderItem
from orders.services.fulfilment import order_ship
from orders.tests.conftest import ADDRESS as HOME
from orders.tests.conftest import line, paid_order
from orders.tests.coupons.making import claimed
from shop.tests.body_fields import body_fields
from shop.tests.routes import CONTRACT
from shop.tests.tables import changes, rows

# What a body names of somebody's own; ids of products and numbers of parcels do not.
PRIVATE = re.compile(r"(?:^ids|Id|No)$")
PUBLIC = {"productId", "skuId", "trackingNo"}


def named_in_bodies(schema: dict[str, Any]) -> set[tuple[str, str]]:
    """Return each route and field by which a body names what somebody owns."""
    return {
        (route, name)
        for route in CONTRACT
        for name in body_fields(route, schema) - PUBLIC
        if PRIVATE.search(name)
    }


def test_nobody_elses_rows_are_named_in_a_body(
    schema: dict[str, Any],
    shopper: User,
    shopper_api: APIClient,
    other_api: APIClient,
    product_make: Callable[..., Product],
) -> None:
    tea = product_make()
    home = shopper_api.post("/api/addresses", HOME, format="json").json()["data"]
    in_cart = {"skuId": Sku.objects.get().pk}
    chosen = shopper_api.post("/api/cart", in_cart, format="json").json()["data"]
    coupon = claimed(shopper).coupon_id
    paid_order(shopper_api, line(tea))
    bought = OrderItem.objects.get()
    mine = paid_order(other_api, line(tea))
    order_ship(order_id=mine.pk, carrier="SF", tracking_no="SF1", operator_id=None)
    other_api.post(f"/api/orders/{mine.order_no}/confirm")
    items = {"items": [line(tea)]}
    asked = {"items": [{"itemId": bought.pk, "quantity": 1}], "reason": "破损"}
    review = {"itemId": bought.pk, "rating": 5, "content": "好"}
    refusals: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {
        ("POST /api/cart/select", "ids"): (
            200,
            {"selected": False, "ids": [chosen["id"]]},
        ),
        **{
            (f"POST /api/{path}", name): (status, items | {name: value, **more})
            for path in ("orders", "orders/preview")
            for name, status, value, more in (
                ("addressId", 404, home["id"], {}),
                ("couponId", 409, coupon, {"address": HOME}),
            )
        },
        ("POST /api/orders/{orderNo}/refunds", "itemId"): (400, asked),
        ("POST /api/orders/{orderNo}/reviews", "itemId"): (400, review),
    }
    assert refusals.keys() == named_in_bodies(schema)
    before = rows()
    for (route, _), (status, body) in refusals.items():
        path = route.partition(" ")[2].replace("{orderNo}", mine.order_no)
        answer = other_api.post(path, body, format="json")
        assert answer.status_code == status, (route, answer.json())
    assert changes(before, rows()) == {}
    assert Order.objects.count() == 2
