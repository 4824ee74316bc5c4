"""A product made and changed in a real browser, as staff would."""

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image
from playwright.sync_api import Route
from rest_framework.test import APIClient

from catalog.models import Product, ProductImage, Sku, StockMovement
from catalog.services.products import product_update
from catalog.tests.admin_pages import STALE
from catalog.tests.conftest import images, ledger, skus
from shop.api.images import image_store
from shop.api.tests.pictures import picture as picture_make
from shop.tests.browser import MARKS, Office

pytestmark = MARKS
COLOURS = ("red", "green", "blue")


def photo(colour: str) -> Any:
    picture = picture_make(color=colour)
    return {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": picture}


def colours(product: Product) -> list[str]:
    """Say what the product's pictures show, in their order."""
    found = []
    for name in images(product.pk):
        with default_storage.open(name) as file, Image.open(file) as picture:
            pixel = picture.getpixel((1, 1))
        found.append(COLOURS[pixel.index(max(pixel))])
    return found


def spec(office: Office, number: int, *values: str, name: str = "") -> None:
    """Type a spec's values; a new one gets its name first."""
    group = office.page.locator("[data-group]").nth(number)
    if name:
        group.locator("[data-name]").fill(name)
    for value in values:
        group.locator("[data-typed]").fill(value)
        group.locator("[data-typed]").press("Enter")


def said(office: Office) -> str:
    return office.page.locator("[data-told]").inner_text()


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


def test_a_product_is_made_from_its_specs_and_changed(
    office: Office, api: APIClient
) -> None:
    """Made at a desk in daylight, changed on a phone in the dark."""
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
    url = answered.value.json()["url"]
    office.page.locator(f"trix-editor img[src='{url}']").wait_for()
    assert office.fits()
    office.shot("product-filled")
    office.press("保存并继续编辑")

    assert offers(api) == [
        ("红 S", "59.00", 5, "TX-01"),
        ("红 M", "59.00", 5, "TX-02"),
        ("红 L", "59.00", 5, "TX-03"),
        ("蓝 S", "69.00", 5, "TX-04"),
        ("蓝 M", "69.00", 5, "TX-05"),
        ("蓝 L", "69.00", 5, "TX-06"),
    ]
    assert colours(Product.objects.get()) == ["blue", "red", "green"]
    assert shown(api)["description"] == (
        f'<p>今年的<strong>新款</strong><img src="{url}"></p>'
    )

    product = Product.objects.get()
    version = product.version
    saved_once(office)
    product.refresh_from_db()
    assert product.version == version

    office.look("phone-dark")
    office.open(f"catalog/product/{product.pk}/change/")
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
    assert offers(api) == [
        ("红 S", "59.00", 5, "TX-01"),
        ("红 M", "59.00", 5, "TX-02"),
        ("蓝 S", "69.00", 5, "TX-04"),
        ("蓝 M", "69.00", 5, "TX-05"),
        ("白 S", "79.00", 3, "TXW-01"),
        ("白 M", "79.00", 3, "TXW-02"),
    ]
    assert Sku.objects.filter(is_active=False).count() == 2

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
    assert [stock for _, _, stock, _ in offers(api)] == [9, 0, 5, 5, 3, 3]
    rows = StockMovement.objects.filter(reference="盘点").order_by("pk")
    assert list(rows.values_list("delta", "balance")) == [(4, 9), (-5, 0)]

    product_update(product_id=product.pk, fields={"name": "别人的"}, operator_id=None)
    office.fill(name="我的")
    office.press("保存")
    assert office.page.get_by_text(STALE).is_visible()
    assert office.page.input_value("[name=name]") == "我的"
    assert Product.objects.get().name == "别人的"


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


def rows_go_on_as_what_they_are(office: Office) -> None:
    """Each case: the rows, the specs wanted (with their old names), and who is what."""
    red, blue = {"颜色": "红"}, {"颜色": "蓝"}
    sized = [red | {"尺码": "S"}, red | {"尺码": "M"}, blue | {"尺码": "S"}]
    both, sizes = ["颜色", "颜色", ["红", "蓝"]], ["", "尺码", ["S", "M"]]
    cases: list[Any] = [
        # A new spec: each goes on as the first of its own; no blue one becomes red.
        ([red, blue], [both, sizes], [0, None, 1, None]),
        # A spec taken away.
        (sized, [both], [0, 2]),
        # A value exchanged: its pieces do not become others.
        ([red, blue], [["颜色", "颜色", ["红", "绿"]]], [0, None]),
        # A spec renamed.
        ([red, blue], [["颜色", "款色", ["蓝", "红"]]], [1, 0]),
    ]
    for facts, groups, expected in cases:
        found = office.page.evaluate(
            """async ([rows, groups]) => {
              const specs = await import("/static/catalog/specs.js");
              const facts = rows.map((row) => ({ specs: row, isSaved: true }));
              const chosen = groups.map(
                ([was, name, values]) => ({ was, name, values }));
              const wanted = specs.combinations(chosen);
              const found = specs.matched(facts, wanted, chosen);
              return found.map((row) => row ?? null);
            }""",
            [facts, groups],
        )
        assert found == expected


def a_removed_row_leaves_what_was_typed_in_the_others(office: Office) -> None:
    spec(office, 0, "红", "蓝", "白", name="颜色")
    office.page.click("[data-generate]")
    office.fill(**{"skus-1-price": "2", "skus-2-price": "3"})
    office.page.locator("tbody:has([name='skus-1-price']) .delete-template").click()
    assert office.page.input_value("[name='skus-1-specs']") == "颜色:白"
    assert office.page.input_value("[name='skus-1-price']") == "3"
    assert office.page.input_value("[name='skus-TOTAL_FORMS']") == "2"


def too_many_combinations_are_refused(office: Office) -> None:
    office.page.click("[data-add]")
    spec(office, 1, ",".join(str(value) for value in range(67)), name="尺码")
    office.page.click("[data-generate]")
    assert said(office) == "规格组合共201种,最多200个SKU,请减少规格值"
    assert office.page.input_value("[name='skus-TOTAL_FORMS']") == "2"


def test_the_table_of_skus_follows_its_specs(office: Office) -> None:
    office.open("catalog/product/add/")
    rows_go_on_as_what_they_are(office)
    a_removed_row_leaves_what_was_typed_in_the_others(office)
    too_many_combinations_are_refused(office)


def the_editor_knows_what_it_keeps(office: Office) -> None:
    picture = f"{office.base}/static/shop/favicon.svg"
    cases = {
        "<p>香<br><b>浓</b></p><p>一</p><p><br></p><p>二</p>": True,
        "第一行\n第二行 &amp; 1 &lt; 2": True,
        "<ul><li>一<ul><li>二</li></ul></li></ul><blockquote>引</blockquote>": True,
        "<h1>一</h1><h3>三</h3><p><u>下</u><del>旧</del></p>": True,
        f'<p>图<img src="{picture}" alt="猫"></p><p><em>斜</em></p>': True,
        "<table><tbody><tr><td>产地</td></tr></tbody></table>": False,
        '<p><a href="https://x.cn" title="t">看</a></p>': False,
    }
    found = office.page.evaluate(
        """async (texts) => {
          const html = await import("/static/catalog/rich_html.js");
          const element = document.querySelector("trix-editor");
          return texts.map((text) => {
            element.editor.loadHTML(html.editable(text));
            const kept = html.stored(element.value);
            return html.canonical(kept) === html.canonical(text);
          });
        }""",
        list(cases),
    )
    assert dict(zip(cases, found, strict=True)) == cases


def touch_drag(office: Office, source: int, target: int) -> None:
    """Drag a picture by its handle with a finger."""
    cards = office.page.locator("[data-many] [data-picture]")
    start = cards.nth(source).locator("[data-handle]").bounding_box()
    end = cards.nth(target).bounding_box()
    assert start
    assert end
    finger = office.page.context.new_cdp_session(office.page)
    first, last = (start["x"] + 9, start["y"] + 9), (end["x"] + 20, end["y"] + 20)
    for kind, place in (
        ("touchStart", first),
        ("touchMove", (first[0] - 8, first[1])),
        ("touchMove", last),
        ("touchEnd", None),
    ):
        points = [{"x": place[0], "y": place[1]}] if place else []
        step = {"type": kind, "touchPoints": points}
        finger.send("Input.dispatchTouchEvent", step)


def test_pictures_are_ordered_by_thumb_and_keys_and_crossed_out(
    office: Office, product_make: Any
) -> None:
    product = product_make("龙井")
    for place, colour in enumerate(COLOURS):
        file = image_store(ContentFile(picture_make(color=colour), f"{colour}.jpg"))
        ProductImage.objects.create(product=product, file=file, position=place)
    page = f"catalog/product/{product.pk}/change/"
    office.look("phone-light")
    office.open(page)
    cards = office.page.locator("[data-many] [data-picture]")
    cards.first.scroll_into_view_if_needed()
    touch_drag(office, 2, 0)
    cards.nth(1).locator("[data-handle]").press("ArrowRight")
    for number in (1, 2):
        cards.nth(number).locator("[data-remove]").click()
    cards.nth(2).locator("[data-remove]").click()
    office.shot("product-pictures")
    office.press("保存")
    assert colours(product) == ["blue", "red"]


def pasted_html_runs_nothing(office: Office) -> None:
    """Whatever would run makes the test fail: a dialog, or a request."""
    office.page.evaluate(
        """() => {
          document.querySelector("trix-editor").editor.loadHTML("");
          const data = new DataTransfer();
          data.setData("text/html",
            `<b>好</b><img src="x" onerror="alert(1)"><svg onload="alert(2)"></svg>` +
            `<div data-trix-attachment='{"contentType":"text/html5","content":` +
            `"<img src=x onerror=alert(3)>"}'></div>` +
            `<a href="javascript:alert(4)">看</a>`);
          data.setData("application/x-trix-document", "[]");
          const event = new ClipboardEvent("paste",
            { clipboardData: data, bubbles: true, cancelable: true });
          document.querySelector("trix-editor").dispatchEvent(event);
        }"""
    )
    value = office.page.input_value("[name=description]")
    assert value.startswith("<p><strong>好</strong>")
    assert "看" in value
    for word in ("onerror", "svg", "javascript", "data-trix"):
        assert word not in value


def test_the_editor_keeps_what_it_can_and_runs_nothing(office: Office) -> None:
    office.open("catalog/product/add/")
    the_editor_knows_what_it_keeps(office)
    pasted_html_runs_nothing(office)
