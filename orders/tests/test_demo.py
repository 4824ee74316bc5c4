"""The demo shop: loaded once, right in its books, quiet in a pipe."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product, ProductImage, Sku, StockMovement
from orders.demo.goods import GOODS
from orders.demo.sales import demo_sales_load
from orders.services.audit import orders_audit
from orders.tests.conftest import ADDRESS, line
from orders.tests.test_preview import preview
from shop.api.images import image_name, image_url


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def seeded(out: io.StringIO) -> str:
    call_command("seed_demo", stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("db")
def test_it_loads_once_with_pictures_and_a_right_ledger() -> None:
    assert seeded(io.StringIO()) == "demo shop loaded\n"
    assert Product.objects.count() == len(GOODS) == 25
    assert Sku.objects.count() == 61
    assert StockMovement.objects.count() == 61
    assert orders_audit() == []
    files = list(ProductImage.objects.values_list("file", flat=True))
    assert len(set(files)) == 50
    for name in files:
        assert image_name(image_url(name)) == name
        assert default_storage.size(name) > 1000

    before = list(Product.objects.values().order_by("pk"))
    again = seeded(io.StringIO())
    assert again == "the shop has products already; nothing to load\n"
    assert list(Product.objects.values().order_by("pk")) == before


def test_the_shop_is_browsable(api: APIClient, shopper_api: APIClient) -> None:
    seeded(io.StringIO())
    page = api.get("/api/products", {"keyword": "龙井"}).json()["data"]
    [tea] = page["list"]
    assert (tea["name"], tea["price"], tea["stock"]) == ("明前龙井茶 50g", "99.00", 120)
    tree = api.get("/api/categories").json()["data"]
    assert [node["name"] for node in tree] == ["茶饮", "服饰", "家居"]
    assert api.get("/api/products").json()["data"]["list"][0]["id"] == tea["id"]
    coupons = api.get("/api/coupons").json()["data"]["list"]
    assert [coupon["terms"] for coupon in coupons] == [
        "无门槛8.5折,最多减50元",
        "满200元减30元",
        "无门槛减10元",
    ]
    pan = Product.objects.get(name__startswith="手工铸铁锅")
    quote = preview(
        shopper_api, {"productId": tea["id"], "quantity": 1}, line(pan), address=ADDRESS
    )
    # 99.00 of tea are free, 1.5 kg of iron are not.
    assert quote.json()["data"]["freightAmount"] == "13.00"


def test_its_sales_run_again_when_they_are_over(
    api: APIClient, set_clock: Callable[[datetime], None]
) -> None:
    # Before there are goods there is nothing to sell.
    assert demo_sales_load() == 0
    seeded(io.StringIO())
    assert [demo_sales_load(), demo_sales_load()] == [2, 0]

    def running() -> dict[str, list[tuple[str, str, str]]]:
        return {
            sale["name"]: [
                (sku["name"], sku["originalPrice"], sku["price"])
                for sku in sale["skus"]
            ]
            for sale in api.get("/api/flash-sales").json()["data"]["list"]
            if sale["isRunning"]
        }

    before = running()
    assert before == {
        "今日秒杀": [
            ("香薰蜡烛", "68.00", "39.90"),
            ("不锈钢保温杯 500ml", "79.00", "49.00"),
        ],
        "拖鞋三双起团购": [("记忆棉拖鞋", "35.00", "25.00")],
    }
    set_clock(timezone.now() + timedelta(days=1))
    assert list(running()) == ["拖鞋三双起团购"]
    assert demo_sales_load() == 1
    assert running() == before
    # Staff have made the goods cheaper.
    set_clock(timezone.now() + timedelta(days=1))
    Sku.objects.update(price=1)
    assert demo_sales_load() == 0


def test_the_home_page_has_something_of_everything(api: APIClient) -> None:
    seeded(io.StringIO())
    home = api.get("/api/home").json()["data"]
    banners = {one["title"]: one["target"]["kind"] for one in home["banners"]}
    assert list(banners.values()) == ["category", "product", "search"]
    for one in home["banners"]:
        assert default_storage.size(image_name(one["image"])) > 1000
    shown = {one["title"]: len(one["products"]) for one in home["sections"]}
    assert shown == {"掌柜推荐": 4, "大家都在买": 6, "好茶": 6}
    assert len(home["new"]) == len(home["hot"]) == 10
    words = api.get("/api/search/hot").json()["data"]["list"]
    assert [word["keyword"] for word in words] == [
        *("龙井", "T恤", "保温杯", "围巾", "铸铁锅")
    ]
    typed = api.get("/api/search/suggest", {"keyword": "保"}).json()["data"]["list"]
    assert [one["keyword"] for one in typed] == ["保温杯", "不锈钢保温杯 500ml"]


@pytest.mark.usefixtures("db")
def test_a_shop_with_products_is_left_alone(
    product_make: Callable[..., Product],
) -> None:
    product_make()
    assert "nothing to load" in seeded(io.StringIO())
    assert Product.objects.count() == 1


@pytest.mark.usefixtures("db")
def test_a_terminal_sees_the_count() -> None:
    assert "\rproducts: 25/25\ndemo shop loaded\n" in seeded(Terminal())
