"""Products put off sale, and stocks filled at once, in a real browser."""

from collections.abc import Callable

from rest_framework.test import APIClient

from catalog.models import Product, StockMovement
from catalog.tests.test_races import ledger_matches
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def on_sale(api: APIClient) -> list[str]:
    return [one["name"] for one in api.get("/api/products").json()["data"]["list"]]


def test_products_go_off_sale_and_a_delivery_is_booked_for_all_skus(
    office: Office,
    api: APIClient,
    product_make: Callable[..., Product],
    shirt: Product,
) -> None:
    for name in ("茶杯", "茶壶"):
        product_make(name)
    office.open("catalog/product/")
    office.follow("a:has-text('T恤')")
    office.act("/adjust/")
    page = office.page
    page.select_option("[name='kind']", "in")
    figure = page.get_by_label("所有规格的数量")
    # By the button, and by the keyboard alone.
    figure.fill("5")
    page.get_by_role("button", name="全部填入").click()
    figure.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    assert page.get_by_text("已填入2个规格,确认调整后生效").is_visible()
    assert office.fits()
    office.shot(f"stocks-filled-{page.evaluate('innerWidth')}")
    office.fill(reason="供应商到货")
    office.press("确认调整")
    assert list(shirt.skus.order_by("pk").values_list("stock", flat=True)) == [25, 27]
    came = StockMovement.objects.filter(reference="供应商到货")
    assert set(came.values_list("delta", flat=True)) == {20}
    assert ledger_matches(shirt)

    office.act("/sale/")
    office.press("确认下架")
    assert page.get_by_text("商品现在是“下架”").is_visible()
    assert on_sale(api) == ["茶壶", "茶杯"]
    office.open("catalog/product/?status=on_sale")
    for row in page.locator("[name='_selected_action']").all():
        row.check()
    page.select_option("[name='action']", "take_off_sale")
    office.press("执行")
    assert page.get_by_text("已下架2个商品").is_visible()
    assert on_sale(api) == []
    assert set(Product.objects.values_list("status", flat=True)) == {"off_sale"}
    office.follow("#saved-filters a:has-text('下架')")
    assert page.locator("#result_list tbody").count() == 3
