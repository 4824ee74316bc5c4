"""Every route once, over HTTP, as the published schema says it answers."""

import copy
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
import schemathesis
from django.utils import timezone
from PIL import Image
from schemathesis.core.failures import Failure, FailureGroup

from accounts.models import User
from accounts.services import session_open
from catalog.models import Category, Product
from catalog.services.banners import banner_create
from catalog.services.flash_sales import flash_sale_create
from catalog.services.home_sections import home_section_create
from catalog.services.search_words import search_word_create
from catalog.tests.flash_sales import line, terms
from orders.models import Order, Refund
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_agree_return, refund_reject
from orders.services.reviews import review_publish
from orders.tests.conftest import ADDRESS
from orders.tests.coupons.making import coupon_made
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.routes import CONTRACT


@pytest.fixture
def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


def home_fill(product: Product) -> None:
    """Put one of everything on the home page, and a word that finds the product."""
    banner = {"title": "新茶", "image": "uploads/a.jpg", "target_kind": "product"}
    banner_create(fields=banner | {"product": product}, operator_id=None)
    section = {"title": "精选", "kind": "chosen"}
    home_section_create(fields=section, product_ids=[product.pk], operator_id=None)
    search_word_create(fields={"word": "龙井", "kind": "hot"}, operator_id=None)


def test_an_answer_of_another_shape_is_seen(
    live_server: Any, schema: dict[str, Any]
) -> None:
    """The check below can fail: it minds types, missing and additional keys."""
    answer = requests.get(f"{live_server.url}/api/config", timeout=60)
    for name, shape in (
        ("payMinutes", {"type": "string"}),
        ("unheardOf", {"type": "string"}),
    ):
        other = copy.deepcopy(schema)
        config = other["components"]["schemas"]["Config"]
        config["properties"][name] = shape
        config["required"] = [*config["properties"]]
        operation = schemathesis.openapi.from_dict(other)["/api/config"]["GET"]
        with pytest.raises((Failure, FailureGroup)):
            operation.validate_response(answer)
    schemathesis.openapi.from_dict(schema)["/api/config"]["GET"].validate_response(
        answer
    )


def test_real_answers_are_as_published(
    shop_server: Any,
    simulator: SimulatorProcess,
    schema: dict[str, Any],
    staff: User,
    product_make: Callable[..., Product],
    picture: bytes,
) -> None:
    """Walk through every route once, over HTTP, and check each answer."""
    parent = Category.objects.create(name="茶")
    Category.objects.create(name="绿茶", parent=parent)
    tea = product_make(category=parent, stock=100)
    published = schemathesis.openapi.from_dict(schema)
    seen = set()

    def call(route: str, sample: str = "", token: str = "", **options: Any) -> Any:
        method, _, path = route.partition(" ")
        url = re.sub(r"\{\w+\}", sample, path)
        response = requests.request(
            method,
            shop_server.url + url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=60,
            **options,
        )
        assert response.status_code == CONTRACT[route][1], (route, response.text)
        published[path][method].validate_response(response)
        seen.add(route)
        return response.json()["data"]

    login = call("POST /api/auth/login", json={"code": "sim-a"})
    pair = call("POST /api/auth/refresh", json={"refreshToken": login["refreshToken"]})
    me = pair["token"]
    call("GET /api/config")
    call("GET /api/categories")
    home_fill(tea)
    call("GET /api/home")
    now = timezone.now()
    when = {"starts_at": now, "ends_at": now + timedelta(hours=1)}
    flash_sale_create(**terms(line(tea.skus.get()), **when))
    call("GET /api/flash-sales")
    call("GET /api/search/hot")
    call("GET /api/search/suggest", params={"keyword": "茶"})
    call("GET /api/products")
    call("GET /api/products/{id}", str(tea.pk))
    call("GET /api/auth/user", token=me)
    for method in ("PUT", "PATCH"):
        call(f"{method} /api/auth/user", token=me, json={"nickname": "小明"})
    call("POST /api/auth/phone", token=me, json={"code": "simphone-13800138000"})
    call("POST /api/auth/avatar", token=me, files={"file": picture})
    url = call("POST /api/uploads", token=me, files={"file": picture})["url"]

    word = call("POST /api/search/history", token=me, json={"keyword": "龙井"})["id"]
    call("GET /api/search/history", token=me)
    call("DELETE /api/search/history/{id}", str(word), me)
    call("DELETE /api/search/history", token=me)

    home = str(call("POST /api/addresses", token=me, json=ADDRESS)["id"])
    call("GET /api/addresses", token=me)
    pasted = {"text": "张三 13800138000 广东深圳南山区科技园1号"}
    call("POST /api/addresses/parse", token=me, json=pasted)
    call("GET /api/addresses/{id}", home, me)
    for method in ("PUT", "PATCH"):
        call(f"{method} /api/addresses/{{id}}", home, me, json={"isDefault": True})

    coupon = str(coupon_made().pk)
    call("GET /api/coupons")
    call("GET /api/coupons", token=me)
    call("POST /api/coupons/{id}/claim", coupon, me)
    call("GET /api/coupons/mine", token=me)
    looked_at = {"productId": tea.pk}
    for name in ("favorites", "footprints"):
        call(f"POST /api/{name}", token=me, json=looked_at)
        call(f"GET /api/{name}", token=me)
    call("GET /api/favorites/{productId}", str(tea.pk), me)
    call("DELETE /api/favorites/{productId}", str(tea.pk), me)
    call("DELETE /api/footprints/{productId}", str(tea.pk), me)
    call("DELETE /api/footprints", token=me)

    wanted = {"skuId": tea.skus.get().pk, "quantity": 2}
    item = str(call("POST /api/cart", token=me, json=wanted)["id"])
    call("PATCH /api/cart/{id}", item, me, json={"quantity": 1})
    call("POST /api/cart/select", token=me, json={"selected": True})
    call("GET /api/cart", token=me)
    call("GET /api/cart/count", token=me)
    call("DELETE /api/cart/gone", token=me)
    call("DELETE /api/cart/{id}", item, me)
    call("DELETE /api/cart/selected", token=me)

    order = {"items": [{"productId": tea.pk, "quantity": 2}], "addressId": int(home)}
    call("POST /api/orders/preview", token=me, json=order)
    number = call("POST /api/orders", token=me, json=order)["orderNo"]
    call("POST /api/orders/{orderNo}/pay", number, me)
    call("POST /api/orders/{orderNo}/cancel", number, me, json={"reason": "不要了"})
    call("GET /api/orders/{orderNo}", number, me)
    call("GET /api/orders", token=me)
    call("GET /api/orders/counts", token=me)
    shipped = call("POST /api/orders", token=me, json=order)["orderNo"]
    call("POST /api/orders/{orderNo}/pay", shipped, me)
    row = Order.objects.get(order_no=shipped)
    simulator.pay(row.payments.get().out_trade_no)
    wish = {"items": [{"itemId": row.items.get().pk, "quantity": 1}], "images": [url]}
    asked = call(
        "POST /api/orders/{orderNo}/refunds",
        shipped,
        me,
        json={"reason": "破损", **wish},
    )["refundNo"]
    call("GET /api/orders/{orderNo}/refunds", shipped, me)
    call("GET /api/refunds", token=me)
    call("GET /api/refunds/{refundNo}", asked, me)
    call("POST /api/refunds/{refundNo}/withdraw", asked, me)
    call("POST /api/orders/{orderNo}/remind", shipped, me)
    order_ship(order_id=row.pk, carrier="SF", tracking_no="SF1001", operator_id=None)
    call("GET /api/orders/{orderNo}/logistics", shipped, me)
    asked = call(
        "POST /api/orders/{orderNo}/refunds",
        shipped,
        me,
        json={"reason": "破损", "type": "return", **wish},
    )["refundNo"]
    refund = Refund.objects.get(refund_no=asked)
    refund_agree_return(refund_id=refund.pk, operator_id=staff.pk, address="二号仓")
    parcel = {"carrier": "ZTO", "trackingNo": "ZT1001"}
    call("POST /api/refunds/{refundNo}/return", asked, me, json=parcel)
    refund_reject(refund_id=refund.pk, operator_id=staff.pk, answer="不是我们的商品")
    call("POST /api/orders/{orderNo}/confirm", shipped, me)
    call("POST /api/orders/{orderNo}/buy-again", number, me)
    said = {"content": "茶很香", "images": [url]}
    sent = {"itemId": row.items.get().pk, "rating": 5, **said}
    review = call("POST /api/orders/{orderNo}/reviews", shipped, me, json=sent)["id"]
    review_publish(review_id=review, operator_id=staff.pk)
    call("POST /api/reviews/{id}/append", str(review), me, json=said)
    review_publish(review_id=review, operator_id=staff.pk, is_append=True)
    call("GET /api/orders/{orderNo}/reviews", shipped, me)
    call("GET /api/reviews", token=me)
    call("GET /api/products/{id}/reviews", str(tea.pk))
    call("GET /api/products/{id}", str(tea.pk))
    call("DELETE /api/orders/{orderNo}", number, me)

    boss = session_open(user=staff).token
    product = {"name": "杯", "price": "9.90", "stock": 3, "images": [url]}
    cup = str(call("POST /api/products", token=boss, json=product)["id"])
    for method in ("PUT", "PATCH"):
        call(f"{method} /api/products/{{id}}", cup, boss, json={"stock": 5})
    call("DELETE /api/products/{id}", cup, boss)
    password = {"username": "boss", "password": "a-long-password-9"}
    call("POST /api/auth/staff/login", json=password)

    call("GET /api/auth/user/export", token=me)
    call("DELETE /api/addresses/{id}", home, me)
    call("DELETE /api/auth/user", token=me, json={"code": "sim-a"})
    other = call("POST /api/auth/login", json={"code": "sim-b"})
    call("POST /api/auth/logout", json={"refreshToken": other["refreshToken"]})
    assert seen == set(CONTRACT)
