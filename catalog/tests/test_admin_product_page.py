"""The page of a product: one form for the product, its SKUs and its pictures."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from catalog.models import Product, ProductImage, Sku
from catalog.services.categories import category_create
from catalog.tests.admin_pages import (
    PRODUCT_ADD,
    PRODUCTS,
    errors,
    facts,
    new_page,
    page_data,
    picture_file,
    product_page,
    sku_row,
    staff_client,
)
from catalog.tests.conftest import images, ledger, skus

Make = Callable[..., Product]


def test_a_product_with_two_skus_and_pictures_is_added(
    client: Client, staff: Any
) -> None:
    category = category_create(name="上衣")
    data = new_page(
        client,
        sku_row(0, "颜色:红 尺码:M", "59", "5"),
        sku_row(1, "颜色:蓝 尺码:M", "69.90", "0"),
        category=category.pk,
        original_price="99",
        description="<p>纯棉<script>alert(1)</script></p>",
    )
    data |= {
        "skus-1-code": "TX-2",
        "skus-1-image-upload": picture_file(),
        "pictures-upload": [picture_file(colour="blue"), picture_file(colour="green")],
    }
    response = client.post(PRODUCT_ADD, data)
    assert (response.status_code, response.url) == (302, PRODUCTS)
    product = Product.objects.get()
    assert (product.name, product.category, product.status) == (
        "T恤",
        category,
        "on_sale",
    )
    assert (product.price, product.original_price) == (Decimal(59), Decimal(99))
    assert product.description == "<p>纯棉alert(1)</p>"
    assert product.spec_names == ["颜色", "尺码"]
    assert skus(product.pk) == [
        ({"颜色": "红", "尺码": "M"}, "59.00", 5, True),
        ({"颜色": "蓝", "尺码": "M"}, "69.90", 0, True),
    ]
    assert ledger(product.pk) == [("initial", 5, 5)]
    movement = Sku.objects.get(stock=5).movements.get()
    assert movement.operator == staff
    second = Sku.objects.get(code="TX-2")
    stored = [*images(product.pk), second.image]
    assert len(set(stored)) == 3
    assert all(name.startswith("uploads/") for name in stored)
    assert all(default_storage.exists(name) for name in stored)


def test_a_product_without_specs_has_one_sku(client: Client) -> None:
    response = client.post(PRODUCT_ADD, new_page(client, sku_row(0, "", "9.90", "3")))
    assert response.status_code == 302
    assert skus(Product.objects.get().pk) == [({}, "9.90", 3, True)]


def test_sending_a_page_back_unchanged_writes_nothing(
    client: Client, shirt: Product
) -> None:
    ProductImage.objects.create(product=shirt, file="uploads/a.jpg")
    before = facts(shirt)
    data = page_data(client, product_page(shirt))
    assert data["skus-0-specs"] == "颜色:红 尺码:M"
    response = client.post(product_page(shirt), data)
    assert response.status_code == 302, errors(response)
    assert facts(shirt) == before
    assert images(shirt.pk) == ["uploads/a.jpg"]
    assert ledger(shirt.pk) == [("initial", 5, 5), ("initial", 7, 7)]


def test_a_page_changes_product_skus_and_pictures_at_once(
    client: Client, shirt: Product
) -> None:
    for name in ("uploads/a.jpg", "uploads/b.jpg", "uploads/c.jpg"):
        ProductImage.objects.create(product=shirt, file=name, position=ord(name[8]))
    data = page_data(client, product_page(shirt)) | {
        "name": "长袖T恤",
        "status": "off_sale",
        "skus-TOTAL_FORMS": 3,
        "skus-0-price": "55",
        "skus-1-DELETE": "on",
        "pictures-place": ["3", "2", "1"],
        **sku_row(2, "颜色:白 尺码:L", "77", "9"),
    }
    data["pictures-removed"] = data["pictures"][1]
    assert client.post(product_page(shirt), data).status_code == 302
    assert facts(shirt)["name"] == "长袖T恤"
    assert facts(shirt)["status"] == "off_sale"
    assert facts(shirt)["price"] == Decimal(55)
    assert skus(shirt.pk) == [
        ({"颜色": "红", "尺码": "M"}, "55.00", 5, True),
        ({"颜色": "蓝", "尺码": "M"}, "69.00", 7, False),
        ({"颜色": "白", "尺码": "L"}, "77.00", 9, True),
    ]
    assert images(shirt.pk) == ["uploads/c.jpg", "uploads/a.jpg"]
    assert ledger(shirt.pk) == [("initial", 5, 5), ("initial", 7, 7), ("initial", 9, 9)]


def test_two_skus_may_swap_their_codes(client: Client, shirt: Product) -> None:
    first, second = shirt.skus.order_by("pk")
    Sku.objects.filter(pk=first.pk).update(code="A")
    Sku.objects.filter(pk=second.pk).update(code="B")
    data = page_data(client, product_page(shirt)) | {
        "skus-0-code": "B",
        "skus-1-code": "A",
    }
    assert client.post(product_page(shirt), data).status_code == 302
    codes = shirt.skus.order_by("pk").values_list("code", flat=True)
    assert list(codes) == ["B", "A"]


def test_the_stock_of_a_sku_is_not_written_by_the_page(
    client: Client, shirt: Product
) -> None:
    data = page_data(client, product_page(shirt)) | {
        "skus-0-stock": "999",
        "name": "新",
    }
    assert client.post(product_page(shirt), data).status_code == 302
    assert facts(shirt)["name"] == "新"
    assert [stock for _, _, stock, _ in skus(shirt.pk)] == [5, 7]
    assert len(ledger(shirt.pk)) == 2


def test_specs_of_any_shape_stay_when_they_are_not_touched(
    client: Client, shirt: Product
) -> None:
    odd = {"尺 码: 欧": "36 色:红", "b": "1,2"}
    Sku.objects.filter(product=shirt, specs__颜色="蓝").update(is_active=False)
    shirt.skus.filter(is_active=True).update(specs=odd)
    data = page_data(client, product_page(shirt)) | {"skus-0-price": "8"}
    assert client.post(product_page(shirt), data).status_code == 302
    assert skus(shirt.pk)[0] == (odd, "8.00", 5, True)


@pytest.mark.parametrize(
    ("typed", "specs"),
    [
        ("颜色:红 尺码:M", {"颜色": "红", "尺码": "M"}),
        ("颜色:红,尺码:M", {"颜色": "红", "尺码": "M"}),
        (" 颜色 :红;尺码: M ", {"颜色": "红", "尺码": "M"}),
        ("颜色:深 蓝 比例:1:2", {"颜色": "深 蓝", "比例": "1:2"}),
        # As a Chinese keyboard writes them.
        (
            "颜色\N{FULLWIDTH COLON}红\N{FULLWIDTH COMMA}尺码\N{FULLWIDTH COLON}M",
            {"颜色": "红", "尺码": "M"},
        ),
        ("", {}),
    ],
)
def test_specs_are_typed_as_pairs(
    client: Client, typed: str, specs: dict[str, str]
) -> None:
    response = client.post(PRODUCT_ADD, new_page(client, sku_row(0, typed, "1", "1")))
    assert response.status_code == 302, errors(response)
    assert Sku.objects.get().specs == specs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "名称不能为空"),
        ({"name": "<b></b>"}, "名称不能为空"),
        ({"name": "长" * 101}, "名称长度不能超过100"),
        ({"original_price": "贵"}, "原价必须是数字"),
        ({"status": "deleted"}, "选择一个有效的选项。 deleted 不在可用的选项中。"),
        ({"category": "999"}, "分类不存在"),
        ({"skus-0-price": ""}, "价格不能为空"),
        ({"skus-0-price": "0"}, "价格不能小于0.01"),
        ({"skus-0-price": "1e3"}, "价格必须是数字"),
        ({"skus-0-price": "1.234"}, "价格最多两位小数"),
        ({"skus-0-stock": ""}, "库存不能为空"),
        ({"skus-0-stock": "-1"}, "库存不能小于0"),
        ({"skus-0-specs": "红色"}, "规格请写成“颜色:红 尺码:M”"),
        ({"skus-0-specs": "颜色:红 颜色:蓝"}, "规格名称重复"),
        ({"skus-0-specs": "颜色:"}, "规格名称和值应为1到50个字"),
        ({"skus-0-code": "x" * 65}, "编码长度不能超过64"),
        ({"skus-1-specs": "颜色:红 尺码:M"}, "SKU规格重复"),
        ({"skus-1-specs": "产地:云南"}, "各SKU的规格名称必须一致"),
        ({"skus-0-code": "A", "skus-1-code": "A"}, "SKU编码重复"),
        ({"skus-0-DELETE": "on", "skus-1-DELETE": "on"}, "至少要有一个SKU"),
        ({"pictures": "uploads/202601/other.jpg"}, "图片已失效,请重新上传"),
        ({"skus-0-image": "../secrets.jpg:x"}, "图片已失效,请重新上传"),
    ],
)
def test_bad_input_is_refused_in_chinese_and_writes_nothing(
    client: Client, change: dict[str, str], message: str
) -> None:
    rows = (
        sku_row(0, "颜色:红 尺码:M", "1", "1"),
        sku_row(1, "颜色:蓝 尺码:M", "1", "1"),
    )
    response = client.post(PRODUCT_ADD, new_page(client, *rows) | change)
    assert message in errors(response)
    assert Product.objects.count() == Sku.objects.count() == 0


def test_long_specs_are_refused_before_they_are_cut_up(client: Client) -> None:
    """Cutting up 0.9 MB of them would take the web program hours."""
    page = new_page(client, sku_row(0, " , " * 300_000 + "a", "9.90", "3"))
    response = client.post(PRODUCT_ADD, page)
    assert response.status_code == 200
    assert Product.objects.count() == 0


def test_a_removed_sku_is_not_added_anew(client: Client, shirt: Product) -> None:
    data = page_data(client, product_page(shirt))
    rows = int(data["skus-TOTAL_FORMS"])
    before = skus(shirt.pk)
    data |= {"skus-0-DELETE": "on", "skus-TOTAL_FORMS": str(rows + 1)}
    data |= sku_row(rows, data["skus-0-specs"], "59", "123456")
    response = client.post(product_page(shirt), data)
    assert "删除的规格不能重新添加:请直接修改原来的一行" in errors(response)
    assert skus(shirt.pk) == before


def test_pieces_of_a_new_sku_ask_for_the_permission(shirt: Product) -> None:
    clerk = staff_client("view_product", "change_product")
    data = page_data(clerk, product_page(shirt))
    rows = int(data["skus-TOTAL_FORMS"])
    before = skus(shirt.pk)
    data |= {"skus-TOTAL_FORMS": str(rows + 1)}
    pieces = data | sku_row(rows, "颜色:黑 尺码:XL", "59", "5")
    response = clerk.post(product_page(shirt), pieces)
    assert "没有调整库存的权限,新SKU的库存请填0" in errors(response)
    assert skus(shirt.pk) == before
    none = data | sku_row(rows, "颜色:黑 尺码:XL", "59", "0")
    assert clerk.post(product_page(shirt), none).status_code == 302
    assert len(skus(shirt.pk)) == len(before) + 1
