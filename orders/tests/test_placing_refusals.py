"""POST /api/orders: what is refused, and just not refused."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Product, ProductStatus, Sku
from orders.models import Order
from orders.tests.conftest import ADDRESS, body, line, placed, stock_of, written

pytestmark = pytest.mark.usefixtures("audited")


def test_every_short_line_is_named(
    shopper_api: APIClient, tea: Product, cup: Product, product_make: Any
) -> None:
    plenty = product_make("筷子", stock=100)
    before = written()
    response = shopper_api.post(
        "/api/orders",
        body(line(tea, 11), line(plenty, 1), line(cup, 6)),
        format="json",
    )
    assert response.status_code == 409
    assert response.json() == {
        "code": 409,
        "message": "商品龙井茶库存不足",
        "data": {
            "error": "insufficient_stock",
            "items": [
                {
                    "skuId": Sku.objects.get(product=tea).pk,
                    "name": "龙井茶",
                    "requested": 11,
                    "available": 10,
                },
                {
                    "skuId": Sku.objects.get(product=cup).pk,
                    "name": "茶杯",
                    "requested": 6,
                    "available": 5,
                },
            ],
        },
    }
    assert written() == before


def test_merged_lines_are_short_together(shopper_api: APIClient, cup: Product) -> None:
    response = shopper_api.post(
        "/api/orders", body(line(cup, 3), line(cup, 3)), format="json"
    )
    assert response.status_code == 409
    assert response.json()["data"]["items"][0]["requested"] == 6
    assert stock_of(cup) == 5


@pytest.mark.parametrize("status", [ProductStatus.OFF_SALE, ProductStatus.DELETED])
def test_what_is_not_on_sale_is_refused(
    shopper_api: APIClient, product_make: Callable[..., Product], status: str
) -> None:
    product = product_make(status=status)
    before = written()
    response = shopper_api.post("/api/orders", body(line(product)), format="json")
    assert response.status_code == 409
    assert response.json()["data"] == {
        "error": "not_on_sale",
        "items": [{"productId": product.pk, "skuId": None}],
    }
    assert written() == before


def test_unknown_foreign_and_retired_skus_are_not_on_sale(
    shopper_api: APIClient, tea: Product, two_skus: tuple[Product, Sku, Sku]
) -> None:
    shirt, small, large = two_skus
    Sku.objects.filter(pk=large.pk).update(is_active=False)
    wishes = [
        {"productId": 999_999, "quantity": 1},
        {"productId": tea.pk, "skuId": 10**18, "quantity": 1},
        {"productId": tea.pk, "skuId": small.pk, "quantity": 1},
        {"productId": shirt.pk, "skuId": large.pk, "quantity": 1},
    ]
    before = written()
    response = shopper_api.post("/api/orders", body(*wishes), format="json")
    assert response.status_code == 409
    assert response.json()["data"]["items"] == [
        {"productId": wish["productId"], "skuId": wish.get("skuId")} for wish in wishes
    ]
    assert written() == before


def test_a_sku_must_be_chosen_among_several(
    shopper_api: APIClient, two_skus: tuple[Product, Sku, Sku]
) -> None:
    response = shopper_api.post("/api/orders", body(line(two_skus[0])), format="json")
    assert response.status_code == 400
    assert response.json()["message"] == "请选择商品T恤的规格"


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        (0, "数量不能小于1"),
        (-1, "数量不能小于1"),
        (1000, "数量不能大于999"),
        (10**9, "数量不能大于999"),
        (10**30, "数量不能大于999"),
        (1.5, "数量必须是数字"),
        (1.0, "数量必须是数字"),
        (True, "数量必须是数字"),
        ("abc", "数量必须是数字"),
        ("", "数量必须是数字"),
        (None, "数量不能为空"),
        ([1], "数量必须是数字"),
        ({"a": 1}, "数量必须是数字"),
    ],
)
def test_quantity_is_a_whole_number_from_1_to_999(
    shopper_api: APIClient, tea: Product, quantity: Any, message: str
) -> None:
    before = written()
    response = shopper_api.post("/api/orders", body(line(tea, quantity)), format="json")
    assert response.status_code == 400
    assert response.json() == {
        "code": 400,
        "message": message,
        "data": {"error": "invalid", "fields": {"items.0.quantity": [message]}},
    }
    assert written() == before


def test_merged_quantity_is_capped_too(
    shopper_api: APIClient, product_make: Callable[..., Product]
) -> None:
    rice = product_make("大米", stock=5000)
    response = shopper_api.post(
        "/api/orders", body(line(rice, 999), line(rice, 1)), format="json"
    )
    assert response.status_code == 400
    assert response.json()["message"] == "数量不能大于999"


def test_fifty_lines_pass_and_fifty_one_do_not(
    shopper_api: APIClient, product_make: Callable[..., Product]
) -> None:
    products = [product_make(f"商品{n}", price="1.00") for n in range(51)]
    response = shopper_api.post(
        "/api/orders", body(*map(line, products)), format="json"
    )
    assert response.status_code == 400
    assert response.json()["data"]["fields"].keys() == {"items"}
    data = placed(shopper_api, *map(line, products[:50]))
    assert data["totalAmount"] == "50.00"


def test_amount_that_wechat_cannot_count_is_refused(
    shopper_api: APIClient, product_make: Callable[..., Product]
) -> None:
    gold = product_make("金条", price="21474836.47", stock=999)
    placed(shopper_api, line(gold))
    response = shopper_api.post("/api/orders", body(line(gold, 2)), format="json")
    assert response.status_code == 400
    assert response.json()["message"] == "订单金额过大"
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "name", "message"),
    [
        ({"items": []}, "items", "商品不能为空"),
        ({"items": None}, "items", "商品不能为空"),
        ({"items": "x"}, "items", "商品格式不正确"),
        ({"items": [{}]}, "items.0.productId", "商品不能为空"),
        ({"address": None}, "address", "收货地址不能为空"),
        ({"address": {}}, "address.name", "收货人不能为空"),
        (
            {"address": {**ADDRESS, "phone": "12345"}},
            "address.phone",
            "手机号格式不正确",
        ),
        ({"address": {**ADDRESS, "name": " "}}, "address.name", "收货人不能为空"),
        ({"address": {**ADDRESS, "name": "<b></b>"}}, "address.name", "收货人不能为空"),
        ({"addressId": 1}, "address", "收货地址只能提供一个"),
        ({"couponId": 0}, "couponId", "优惠券不能小于1"),
        ({"remark": "长" * 201}, "remark", "留言长度不能超过200"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(
    shopper_api: APIClient,
    tea: Product,
    fields: dict[str, Any],
    name: str,
    message: str,
) -> None:
    before = written()
    response = shopper_api.post(
        "/api/orders", {**body(line(tea)), **fields}, format="json"
    )
    assert response.status_code == 400
    found = response.json()["data"]["fields"]
    assert found[name] == [message]
    assert written() == before


def test_optional_texts_may_be_null(shopper_api: APIClient, tea: Product) -> None:
    data = placed(shopper_api, line(tea), remark=None, addressId=None, couponId=None)
    assert data["remark"] == ""


def test_html_is_taken_out_of_what_shoppers_type(
    shopper_api: APIClient, tea: Product
) -> None:
    data = placed(
        shopper_api,
        line(tea),
        remark="<script>alert(1)</script>&lt;i&gt;放门口 a<b",
        address={**ADDRESS, "detail": "<b>一号</b>"},
    )
    assert data["remark"] == "alert(1)放门口 a<b"
    assert data["address"]["detail"] == "一号"
