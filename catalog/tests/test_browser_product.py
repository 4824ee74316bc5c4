"""A product made and changed in a real browser, as staff would."""

from typing import Any

from playwright.sync_api import Route
from rest_framework.test import APIClient

from catalog.models import Product, Sku, StockMovement
from catalog.services.products import product_update
from catalog.tests.admin_pages import STALE
from catalog.tests.conftest import ledger, skus
from catalog.tests.walk import COLOURS, colours, said, spec
from shop.api.tests.pictures import picture as picture_make
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def photo(colour: str) -> Any:
    picture = picture_make(color=colour)
    return {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": picture}


def set_many(office: Office, scope: str = "", **values: str) -> None:
    office.page.select_option("[data-scope]", scope)
    for name in ("price", "stock", "code"):
        office.page.fill(f"[data-set={name}]", values.get(name, ""))
    office.page.click("[data-set-many]")


def drag(office: Office, source: int, target: int) -> None:
    """Drag a picture by its handle to the place of another."""
    cards = office.page.locator("[data-many] [data-picture]")
    handle = cards.nth(source).locator("[data-handle]")
    handle.scroll_into_view_if_needed()
    start, end = handle.bounding_box(), cards.nth(target).bounding_box()
    assert start
    assert end
    mouse = office.page.mouse
    mouse.move(start["x"] + 5, start["y"] + 5)
    mouse.down()
    mouse.move(end["x"] + 20, end["y"] + 20, steps=4)
    mouse.up()


def saved_once(office: Office) -> None:
    """Save with a hand that does not wait for the answer."""
    held: list[Route] = []
    office.page.route("**/change/", lambda route: held.append(route))
    button = office.page.get_by_role("button", name="保存", exact=True)
    place: Any = button.bounding_box()
    x, y = place["x"] + 5, place["y"] + 5
    # Other than a locator, a mouse waits for no answer.
    with office.page.expect_request("**/change/"):
        office.page.mouse.click(x, y)
    office.page.mouse.click(x, y)
    assert len(held) == 1
    with office.page.expect_navigation(wait_until="load"):
        held[0].continue_()
    office.page.unroute("**/change/")


def shown(api: APIClient) -> Any:
    product = Product.objects.get()
    return api.get(f"/api/products/{product.pk}").json()["data"]


def offers(api: APIClient) -> list[tuple[str, str, int, str]]:
    """Return what a shopper may choose: values, price, stock, code."""
    return [
        (
            " ".join(sku["specs"].values()),
            sku["price"],
            sku["stock"],
            sku.get("code", ""),
        )
        for sku in shown(api)["skus"]
    ]


def filled_at_a_desk(office: Office) -> str:
    """Fill a new product's page; return the URL of the picture in its description."""
    office.open("catalog/product/add/")
    office.fill(name="T恤")
    spec(office, 0, "红", "蓝", name="颜色")
    office.page.click("[data-add]")
    spec(office, 1, "S", "M", "L", name="尺码")
    office.page.click("[data-generate]")
    assert said(office) == "已生成6行,其中新增5行;保存后生效"
    set_many(office, price="59", stock="5", code="TX")
    set_many(office, "颜色:蓝", price="69")
    uploads = [photo(name) for name in COLOURS]
    office.page.set_input_files("[name='pictures-upload']", uploads)
    drag(office, 2, 0)
    office.page.locator("trix-editor").click()
    office.page.keyboard.type("今年的")
    office.page.click("[data-trix-attribute=bold]")
    office.page.keyboard.type("新款")
    with office.page.expect_response("**/picture/") as answered:
        with office.page.expect_file_chooser() as chooser:
            office.page.click("[data-picture-add]")
        chooser.value.set_files(photo("red"))
    url: str = answered.value.json()["url"]
    office.page.locator(f"trix-editor img[src='{url}']").wait_for()
    assert office.fits()
    office.shot("product-filled")
    return url


def a_colour_comes_and_a_size_goes(office: Office) -> None:
    spec(office, 0, "白")
    office.page.get_by_label("去掉L").click()
    office.page.click("[data-generate]")
    plan = office.page.locator("[data-plan-lines]")
    assert plan.inner_text() == "将删除2行:红 L、蓝 L;保存之前可以撤销"
    office.page.click("[data-go]")
    set_many(office, "颜色:白", price="79", stock="3", code="TXW")
    assert office.fits()
    office.shot("product-matrix")
    office.press("保存并继续编辑")


def two_are_counted(office: Office) -> None:
    office.act("/adjust/")
    first, second = Sku.objects.active().order_by("position")[:2]
    office.fill(
        **{
            f"quantity_{first.pk}": "9",
            f"quantity_{second.pk}": "0",
            "reason": "盘点",
        }
    )
    assert office.fits()
    office.shot("product-stocks")
    office.press("确认调整")
    rows = StockMovement.objects.filter(reference="盘点").order_by("pk")
    assert list(rows.values_list("delta", "balance")) == [(4, 9), (-5, 0)]


def an_older_page_overwrites_nothing(office: Office, product: Product) -> None:
    product_update(product_id=product.pk, fields={"name": "别人的"}, operator_id=None)
    office.fill(name="我的")
    office.press("保存")
    assert office.page.get_by_text(STALE).is_visible()
    assert office.page.input_value("[name=name]") == "我的"
    assert Product.objects.get().name == "别人的"


def test_a_product_is_made_from_its_specs_and_changed(
    office: Office, api: APIClient
) -> None:
    """Made at a desk in daylight, changed on a phone in the dark."""
    url = filled_at_a_desk(office)
    office.press("保存并继续编辑")
    assert offers(api) == [
        ("红 S", "59.00", 5, "TX-01"),
        ("红 M", "59.00", 5, "TX-02"),
        ("红 L", "59.00", 5, "TX-03"),
        ("蓝 S", "69.00", 5, "TX-04"),
        ("蓝 M", "69.00", 5, "TX-05"),
        ("蓝 L", "69.00", 5, "TX-06"),
    ]
    product = Product.objects.get()
    assert colours(product) == ["blue", "red", "green"]
    assert shown(api)["description"] == (
        f'<p>今年的<strong>新款</strong><img src="{url}"></p>'
    )

    saved_once(office)
    assert Product.objects.get().version == product.version

    office.look("phone-dark")
    office.open(f"catalog/product/{product.pk}/change/")
    a_colour_comes_and_a_size_goes(office)
    assert offers(api) == [
        ("红 S", "59.00", 5, "TX-01"),
        ("红 M", "59.00", 5, "TX-02"),
        ("蓝 S", "69.00", 5, "TX-04"),
        ("蓝 M", "69.00", 5, "TX-05"),
        ("白 S", "79.00", 3, "TXW-01"),
        ("白 M", "79.00", 3, "TXW-02"),
    ]
    assert Sku.objects.filter(is_active=False).count() == 2

    two_are_counted(office)
    assert [stock for _, _, stock, _ in offers(api)] == [9, 0, 5, 5, 3, 3]
    an_older_page_overwrites_nothing(office, product)


def test_a_plain_product_that_gets_specs_keeps_its_sku_and_its_html(
    office: Office, product_make: Any
) -> None:
    table = "<table><tbody><tr><td>产地</td><td>杭州</td></tr></tbody></table>"
    product = product_make("明前狮峰龙井礼盒", stock=7, description=table)
    office.open(f"catalog/product/{product.pk}/change/")
    title = office.page.locator("h1").first
    assert title.inner_text() == "明前狮峰龙井礼盒"
    assert title.evaluate("h1 => h1.firstElementChild.scrollWidth <= h1.clientWidth")
    assert office.page.input_value("[name=description]") == table
    assert office.page.get_by_text("请直接修改HTML").is_visible()
    office.fill(name="西湖龙井")
    spec(office, 0, "罐装", "礼盒", name="包装")
    office.page.click("[data-generate]")
    assert office.page.locator("[data-plan-lines]").inner_text() == (
        "“无规格”改为“罐装”,沿用它的库存7件"
    )
    office.page.click("[data-go]")
    set_many(office, stock="2", price="88")
    assert said(office) == (
        "已填入2行,保存后生效;1个已有SKU的库存没有改,请用“批量调整库存”"
    )
    office.press("保存")
    assert skus(product.pk) == [
        ({"包装": "罐装"}, "88.00", 7, True),
        ({"包装": "礼盒"}, "88.00", 2, True),
    ]
    assert ledger(product.pk) == [("initial", 7, 7), ("initial", 2, 2)]
    product.refresh_from_db()
    assert (product.name, product.description) == ("西湖龙井", table)
