"""What it costs to send an order: preview and order ask the same function."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import FreightTemplate, Product, Sku
from catalog.services.freight import (
    FreightTerms,
    RegionRule,
    TemplateChange,
    freight_template_update,
)
from orders.models import Order
from orders.tests.conftest import ADDRESS, body, line, paid_order, placed, written
from orders.tests.coupons.making import claimed
from orders.tests.freight_plain import UNSERVED, template_make, terms
from orders.tests.refunding import approved, asked, pieces
from orders.tests.test_preview import preview
from shop.tests.plans import plans_taken

pytestmark = pytest.mark.usefixtures("audited")


def there(province: str, city: str) -> dict[str, Any]:
    return {"address": {**ADDRESS, "province": province, "city": city}}


@pytest.fixture
def by_piece(db: None) -> FreightTemplate:
    return template_make(
        "按件",
        terms("1 8.00 1 2.00", free_from="300.00"),
        is_default=True,
        rules=[
            RegionRule(
                provinces=["广东", "吉林省"],
                cities=["延边州", "昌吉回族自治州"],
                terms=terms("2 5.00 3 1.50"),
            ),
            RegionRule(
                cities=["深圳", "吉林"], terms=terms("3 1.00 2 0.50", free_from="99")
            ),
            RegionRule(provinces=["新疆"], terms=terms("1 20.00 1 15.00")),
            RegionRule(provinces=["西藏", "香港"], cities=["三沙"], terms=UNSERVED),
        ],
    )


@pytest.mark.parametrize(
    ("province", "city", "quantity", "freight"),
    [
        # All other regions: 8.00 and 2.00 for each further piece.
        ("北京市", "北京市", 1, "8.00"),
        ("北京", "市辖区", 3, "12.00"),
        # Seven cups are 178.50, twelve 306.00: free from 300.00 on.
        ("四川省", "成都市", 11, "28.00"),
        ("四川省", "成都市", 12, "0.00"),
        # The province, in whatever way it is written; free for no amount.
        ("广东省", "广州市", 2, "5.00"),
        ("广东", "广州", 3, "6.50"),
        (" 广东省 ", "广州市", 6, "8.00"),
        ("广东省", "广州市", 12, "11.00"),
        # The city before its province, and a city that is called like a province.
        ("广东省", "深圳市", 3, "1.00"),
        ("广东省", "深圳", 5, "0.00"),
        ("吉林省", "长春市", 2, "5.00"),
        ("吉林省", "吉林市", 2, "1.00"),
        # The peoples of an autonomous region or prefecture may be named or not.
        ("新疆维吾尔自治区", "乌鲁木齐市", 2, "35.00"),
        ("新疆", "昌吉州", 2, "35.00"),
        ("新疆", "昌吉回族自治州", 2, "5.00"),
        ("新疆", "昌吉", 2, "5.00"),
    ],
)
def test_freight_goes_by_the_city_else_the_province_else_the_rest(
    shopper_api: APIClient,
    product_make: Callable[..., Product],
    by_piece: FreightTemplate,
    province: str,
    city: str,
    quantity: int,
    freight: str,
) -> None:
    cup = product_make("茶杯", price="25.50", stock=50)
    where = there(province, city)
    quote = preview(shopper_api, line(cup, quantity), **where).json()["data"]
    order = placed(shopper_api, line(cup, quantity), **where)
    amounts = ("goodsAmount", "freightAmount", "discountAmount", "totalAmount")
    goods = Decimal("25.50") * quantity
    expected = [str(goods), freight, "0.00", str(goods + Decimal(freight))]
    assert [quote[name] for name in amounts] == expected
    assert [order[name] for name in amounts] == expected
    shown = shopper_api.get(f"/api/orders/{order['orderNo']}").json()["data"]
    assert [shown[name] for name in amounts] == expected


def test_each_template_counts_its_own_lines(
    shopper_api: APIClient,
    product_make: Callable[..., Product],
    two_skus: tuple[Product, Sku, Sku],
    by_piece: FreightTemplate,
) -> None:
    by_weight = template_make("按重", terms("1000 6.00 500 2.00"), unit="weight")
    free = template_make("包邮", FreightTerms())
    shirt, small, large = two_skus
    Sku.objects.filter(pk=small.pk).update(weight_grams=180)
    Sku.objects.filter(pk=large.pk).update(weight_grams=220)
    gift = product_make("赠品", price="500.00")
    plain = product_make("杂物", price="1.00")
    Product.objects.filter(pk=shirt.pk).update(freight_template=by_weight)
    Product.objects.filter(pk=gift.pk).update(freight_template=free)
    lines = [
        {"productId": shirt.pk, "skuId": small.pk, "quantity": 3},
        {"productId": shirt.pk, "skuId": large.pk, "quantity": 5},
        # Free, and of no help to the others, which are far from 300.00.
        line(gift),
        line(plain, 2),
    ]
    # 540 g and 1100 g: 6.00 and twice 2.00. Two pieces: 8.00 and 2.00.
    assert placed(shopper_api, *lines, **there("北京", "北京"))["freightAmount"] == (
        "20.00"
    )


def test_without_a_template_or_an_address_there_is_no_freight(
    shopper_api: APIClient, cup: Product
) -> None:
    assert placed(shopper_api, line(cup))["freightAmount"] == "0.00"
    # One that no product has, and that is not the default.
    template_make("没有人用", terms("1 8.00 1 2.00"))
    assert placed(shopper_api, line(cup))["freightAmount"] == "0.00"
    FreightTemplate.objects.update(is_default=True)
    quote = preview(shopper_api, line(cup)).json()["data"]
    assert (quote["freightAmount"], quote["totalAmount"]) == ("0.00", "25.50")
    assert placed(shopper_api, line(cup))["freightAmount"] == "8.00"


@pytest.mark.parametrize(
    ("province", "city"),
    [("西藏自治区", "拉萨市"), ("香港特别行政区", "香港"), ("海南省", "三沙市")],
)
def test_what_is_not_sent_there_is_named_and_nothing_written(
    shopper_api: APIClient,
    tea: Product,
    cup: Product,
    product_make: Callable[..., Product],
    by_piece: FreightTemplate,
    province: str,
    city: str,
) -> None:
    book = product_make("书")
    everywhere = template_make("到处", FreightTerms())
    Product.objects.filter(pk=book.pk).update(freight_template=everywhere)
    wanted = [line(cup), line(book), line(tea)]
    before = written()
    told = []
    for url in ("/api/orders/preview", "/api/orders"):
        sent = {"items": wanted, **there(province, city)}
        response = shopper_api.post(url, sent, format="json")
        assert response.status_code == 409
        told.append(response.json())
    assert told[0] == told[1]
    assert told[0]["message"] == "商品龙井茶不支持配送到该地区"
    assert told[0]["data"] == {
        "error": "region_not_served",
        "items": [
            {
                "productId": product.pk,
                "skuId": Sku.objects.get(product=product).pk,
                "name": product.name,
            }
            for product in (tea, cup)
        ],
    }
    assert written() == before
    # What is short is told first: it may be gone everywhere.
    response = preview(shopper_api, line(cup, 6), **there(province, city))
    assert response.json()["data"]["error"] == "insufficient_stock"
    assert placed(shopper_api, line(book), **there(province, city))["orderNo"]


def test_an_order_keeps_the_freight_it_was_placed_with(
    shopper_api: APIClient, cup: Product, by_piece: FreightTemplate
) -> None:
    order = placed(shopper_api, line(cup), **there("北京市", "北京市"))
    change = TemplateChange(
        name="按件", unit="piece", is_default=True, fallback=terms("1 9.00 1 1.00")
    )
    version = FreightTemplate.objects.get().version
    freight_template_update(
        template_id=by_piece.pk, change=change, expected_version=version
    )
    shown = shopper_api.get(f"/api/orders/{order['orderNo']}").json()["data"]
    assert (shown["freightAmount"], shown["totalAmount"]) == ("8.00", "33.50")
    again = placed(shopper_api, line(cup), **there("北京市", "北京市"))
    assert (again["freightAmount"], again["totalAmount"]) == ("9.00", "34.50")


def test_freight_and_coupon_count_for_the_most_that_can_be_paid(
    shopper_api: APIClient, shopper: User, product_make: Callable[..., Product]
) -> None:
    template_make("重货", terms("1 40000.00 1 0.00"), is_default=True)
    gold = product_make("金", price="21450000.00")
    for response in (
        preview(shopper_api, line(gold), address=ADDRESS),
        shopper_api.post("/api/orders", body(line(gold)), format="json"),
    ):
        assert (response.status_code, response.json()["message"]) == (
            400,
            "订单金额过大",
        )
    assert not Order.objects.exists()
    coupon_id = claimed(shopper, amount="20000.00").coupon_id
    quote = preview(shopper_api, line(gold), address=ADDRESS, couponId=coupon_id)
    order = placed(shopper_api, line(gold), couponId=coupon_id)
    assert quote.json()["data"]["totalAmount"] == order["totalAmount"] == "21470000.00"


def test_freight_goes_back_with_the_last_pieces(
    shopper_api: APIClient,
    staff: User,
    product_make: Callable[..., Product],
    by_piece: FreightTemplate,
) -> None:
    tea = product_make("茶", price="10.00", stock=5)
    order = paid_order(shopper_api, line(tea, 3))
    assert (str(order.freight_amount), str(order.total_amount)) == ("1.00", "31.00")
    first = asked(shopper_api, order, items=pieces(order, 2))
    assert str(first.amount) == "20.00"
    approved(first, staff.pk)
    last = asked(shopper_api, order)
    assert str(last.amount) == "11.00"
    approved(last, staff.pk)
    shown = shopper_api.get(f"/api/orders/{order.order_no}").json()["data"]
    assert (shown["refundedAmount"], shown["status"]) == ("31.00", "cancelled")


def test_freight_takes_no_statement_more_to_place_and_one_to_preview(
    shopper_api: APIClient,
    product_make: Callable[..., Product],
    by_piece: FreightTemplate,
    django_assert_num_queries: Any,
) -> None:
    lines = [line(product_make(f"商品{n}")) for n in range(20)]
    with CaptureQueriesContext(connection) as queries:
        placed(shopper_api, *lines)
    statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    # User and session, and the order.
    assert len(statements) == 2, statements
    # The SKUs, prices of sales, freight, coupons.
    with django_assert_num_queries(5):
        assert preview(shopper_api, *lines, address=ADDRESS).status_code == 200


def test_freight_reads_the_products_of_the_order_alone(
    shopper_api: APIClient, cup: Product, by_piece: FreightTemplate
) -> None:
    others = Product.objects.bulk_create(
        Product(name="其他", price=1, status="off_sale") for _ in range(1000)
    )
    Sku.objects.bulk_create(Sku(product=other, price=1) for other in others)
    with connection.cursor() as cursor:
        for table in ("product", "sku", "freighttemplate"):
            cursor.execute(f"ANALYZE catalog_{table}")
    with plans_taken() as plans:
        placed(shopper_api, line(cup))
    (plan,) = [plan for plan in plans if "freight_template_id" in plan]
    scans = re.findall(r"Scan using \w+ on catalog_(product|sku) .*\n(.*)", plan)
    assert [table for table, _ in scans] == ["sku", "product"]
    assert all("Index Cond:" in condition for _, condition in scans), plan
