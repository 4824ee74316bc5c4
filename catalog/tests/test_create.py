"""POST /api/products."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog.models import Product, ProductSearch, Sku, StockMovement
from catalog.services.categories import category_create
from catalog.tests.conftest import images, ledger, refused, skus


def post(api: APIClient, **body: Any) -> Any:
    return api.post("/api/products", body, format="json")


def nothing_written() -> bool:
    return not (Product.objects.exists() or Sku.objects.exists())


def test_a_plain_product_gets_one_sku_and_its_ledger_row(
    staff_api: APIClient, staff: Any, upload_make: Callable[[str], str]
) -> None:
    category = category_create(name="茶")
    response = post(
        staff_api,
        name="龙井茶",
        description="豆香",
        price="99.00",
        originalPrice="128.00",
        images=[upload_make("b"), upload_make("a")],
        category=category.pk,
        stock=12,
    )
    body = response.json()
    assert (response.status_code, body["code"], body["message"]) == (201, 0, "创建成功")
    data = body["data"]
    assert {key: data[key] for key in ("name", "description", "status", "sales")} == {
        "name": "龙井茶",
        "description": "豆香",
        "status": "on_sale",
        "sales": 0,
    }
    assert (data["price"], data["originalPrice"], data["stock"]) == (
        "99.00",
        "128.00",
        12,
    )
    assert data["images"] == [upload_make("b"), upload_make("a")]
    assert (data["category"], data["categoryName"]) == (category.pk, "茶")
    assert skus(data["id"]) == [({}, "99.00", 12, True)]
    assert ledger(data["id"]) == [("initial", 12, 12)]
    assert StockMovement.objects.get().operator_id == staff.pk
    assert images(data["id"]) == [
        f"uploads/202601/{digit * 32}.jpg" for digit in ("b", "a")
    ]
    assert data == staff_api.get(f"/api/products/{data['id']}").json()["data"]


def test_name_and_price_are_enough(staff_api: APIClient) -> None:
    data = post(staff_api, name="龙井", price=9.9).json()["data"]
    assert (data["price"], data["stock"], data["images"]) == ("9.90", 0, [])
    assert (data["originalPrice"], data["category"]) == (None, None)
    # Nothing moved, nothing in the ledger.
    assert ledger(data["id"]) == []


def test_skus_make_the_price_the_stock_and_the_order_of_specs(
    staff_api: APIClient, upload_make: Callable[[str], str]
) -> None:
    response = post(
        staff_api,
        name="T恤",
        skus=[
            {
                "specs": {"颜色": "白", "尺码": "M"},
                "price": "59.00",
                "stock": 3,
                "code": "T-1",
                "image": upload_make("a"),
            },
            {"specs": {"尺码": "L", "颜色": "白"}, "price": "49.00", "stock": 0},
            {"specs": {"颜色": "黑", "尺码": "M"}, "price": "69.00", "stock": 4},
        ],
    )
    data = response.json()["data"]
    assert (data["price"], data["stock"]) == ("49.00", 7)
    assert data["specs"] == [
        {"name": "颜色", "values": ["白", "黑"]},
        {"name": "尺码", "values": ["M", "L"]},
    ]
    assert data["skus"][0]["image"] == upload_make("a")
    assert [sku["code"] for sku in data["skus"]] == ["T-1", "", ""]
    assert ledger(data["id"]) == [("initial", 3, 3), ("initial", 4, 4)]


def statements(action: Callable[[], Any]) -> int:
    """Count the statements of an action that must succeed."""
    with CaptureQueriesContext(connection) as captured:
        assert action().status_code == 201
    return len(captured)


def test_200_skus_are_the_limit_and_cost_as_many_statements_as_two(
    staff_api: APIClient,
) -> None:
    def body(number: int) -> dict[str, Any]:
        lines = [
            {"specs": {"n": str(n)}, "price": "1.00", "stock": 1} for n in range(number)
        ]
        return {"name": "多", "skus": lines}

    few = statements(lambda: post(staff_api, **body(2)))
    assert statements(lambda: post(staff_api, **body(200))) == few
    refused(post(staff_api, **body(201)), skus="SKU不能超过200项")


def test_ids_sales_and_times_are_not_taken(staff_api: APIClient) -> None:
    data = post(
        staff_api,
        id=99_999,
        name="龙井",
        price="9.00",
        sales=500,
        createdAt="2001-01-01T00:00:00Z",
        created_at="2001-01-01T00:00:00Z",
        spec_names=["x"],
        is_staff=True,
    ).json()["data"]
    assert data["id"] != 99_999
    assert data["sales"] == 0
    assert not data["createdAt"].startswith("2001")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": None}, {"name": "名称不能为空"}),
        ({"name": ""}, {"name": "名称不能为空"}),
        ({"name": "<b></b>"}, {"name": "名称不能为空"}),
        ({"name": "长" * 101}, {"name": "名称长度不能超过100"}),
        ({"price": "0"}, {"price": "价格不能小于0.01"}),
        ({"price": "-1"}, {"price": "价格不能小于0.01"}),
        ({"price": "abc"}, {"price": "价格必须是数字"}),
        ({"price": True}, {"price": "价格必须是数字"}),
        ({"price": "1.001"}, {"price": "价格最多两位小数"}),
        ({"price": None}, {"price": "价格不能为空"}),
        ({"originalPrice": "0.00"}, {"originalPrice": "原价不能小于0.01"}),
        ({"stock": -1}, {"stock": "库存不能小于0"}),
        ({"stock": 1_000_000_001}, {"stock": "库存不能大于1000000000"}),
        ({"stock": 1.5}, {"stock": "库存必须是数字"}),
        ({"stock": True}, {"stock": "库存必须是数字"}),
        ({"stock": "1" + "0" * 30}, {"stock": "库存不能大于1000000000"}),
        ({"category": 999_999}, {"category": "分类不存在"}),
        ({"category": 10**22}, {"category": "分类不存在"}),
        ({"category": "x"}, {"category": "分类必须是数字"}),
        ({"status": "deleted"}, {"status": "状态格式不正确"}),
        ({"description": "长" * 20_001}, {"description": "描述长度不能超过20000"}),
        ({"images": "x"}, {"images": "图片格式不正确"}),
        ({"images": ["https://x/y.jpg"]}, {"images.0": "图片地址无效,请先上传图片"}),
    ],
)
def test_bad_fields_are_named_and_nothing_is_written(
    staff_api: APIClient, change: dict[str, Any], fields: dict[str, str]
) -> None:
    refused(post(staff_api, **{"name": "龙井", "price": "9.00", **change}), **fields)
    assert nothing_written()


def test_20_images_are_the_limit(
    staff_api: APIClient, upload_make: Callable[[str], str]
) -> None:
    url = upload_make("a")
    body = {"name": "龙井", "price": "9.00"}
    refused(post(staff_api, **body, images=[url] * 21), images="图片不能超过20项")
    data = post(staff_api, **body, images=[url] * 20).json()["data"]
    assert data["images"] == [url] * 20


def test_missing_name_and_price_are_asked_for(staff_api: APIClient) -> None:
    refused(post(staff_api, price="9.00"), name="名称不能为空")
    refused(post(staff_api, name="龙井", stock=5), price="价格不能为空")
    assert post(staff_api).json()["message"] == "名称不能为空"
    assert staff_api.post("/api/products", [1], format="json").status_code == 400


def sku(**change: Any) -> dict[str, Any]:
    return {"specs": {"颜色": "白"}, "price": "9.00", "stock": 1, **change}


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ([], {"skus": "SKU不能为空"}),
        ([{"specs": {"颜色": "白"}, "stock": 1}], {"skus.0.price": "价格不能为空"}),
        ([{"specs": {"颜色": "白"}, "price": "1"}], {"skus.0.stock": "库存不能为空"}),
        ([{"price": "1", "stock": 1}], {"skus.0.specs": "规格不能为空"}),
        ([sku(price="0.00")], {"skus.0.price": "价格不能小于0.01"}),
        ([sku(), sku(stock=-1)], {"skus.1.stock": "库存不能小于0"}),
        ([sku(), sku()], {"skus": "SKU规格重复"}),
        ([sku(), sku(specs={"尺码": "M"})], {"skus": "各SKU的规格名称必须一致"}),
        ([sku(), sku(specs={})], {"skus": "各SKU的规格名称必须一致"}),
        ([sku(id=1)], {"skus": "SKU不属于该商品"}),
        (
            [sku(code="A"), sku(specs={"颜色": "黑"}, code="A")],
            {"skus": "SKU编码重复"},
        ),
        ([sku(specs={"颜色": ""})], {"skus.0.specs": "规格名称和值应为1到50个字"}),
        ([sku(specs={"": "白"})], {"skus.0.specs": "规格名称和值应为1到50个字"}),
        ([sku(specs={"颜色": 5})], {"skus.0.specs": "规格名称和值应为1到50个字"}),
        ([sku(specs={"<" * 51: "白"})], {"skus.0.specs": "规格名称和值应为1到50个字"}),
        ([sku(specs={"a": "1", " a": "2"})], {"skus.0.specs": "规格名称重复"}),
        ([sku(specs=["白"])], {"skus.0.specs": "规格应为最多10个名称和值"}),
        ([sku(image="x")], {"skus.0.image": "图片地址无效,请先上传图片"}),
    ],
)
def test_bad_skus_are_named_and_nothing_is_written(
    staff_api: APIClient, lines: list[Any], fields: dict[str, str]
) -> None:
    refused(post(staff_api, name="T恤", skus=lines), **fields)
    assert nothing_written()


def test_plain_figures_and_skus_exclude_each_other(staff_api: APIClient) -> None:
    for plain in ({"price": "9.00"}, {"stock": 5}, {"expectedStock": 5}):
        response = post(staff_api, name="T恤", skus=[sku()], **plain)
        refused(response, skus="不能同时提交价格库存和SKU列表")
    assert nothing_written()


def test_a_code_belongs_to_one_active_sku_of_the_shop(staff_api: APIClient) -> None:
    first = post(staff_api, name="甲", skus=[sku(code="A")]).json()["data"]
    refused(post(staff_api, name="乙", skus=[sku(code="A")]), skus="SKU编码重复")
    new = [sku(specs={"颜色": "黑"}, code="B")]
    staff_api.put(f"/api/products/{first['id']}", {"skus": new}, format="json")
    assert post(staff_api, name="乙", skus=[sku(code="A")]).status_code == 201


def test_html_is_taken_out_of_names_and_specs(staff_api: APIClient) -> None:
    data = post(
        staff_api,
        name="<script>alert(1)</script>龙&amp;井 a<b",
        skus=[sku(specs={"<i>颜色</i>": "<b>白</b>"}, code="<u>C</u>")],
    ).json()["data"]
    assert data["name"] == "alert(1)龙&井 a<b"
    assert data["skus"][0]["specs"] == {"颜色": "白"}
    assert data["skus"][0]["code"] == "C"


def test_the_keyword_finds_it_at_once(staff_api: APIClient) -> None:
    post(staff_api, name="龙井茶", price="9.00")
    found = staff_api.get("/api/products", {"keyword": "井"}).json()["data"]
    assert found["pagination"]["total"] == 1
    assert ProductSearch.objects.count() == 1
