"""The home page arranged by staff in a real browser, on a desktop and on a phone."""

from collections.abc import Callable

from playwright.sync_api import expect

from catalog.models import Banner, HomeSection, Product
from catalog.tests.admin_pages import picture_file
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def test_a_banner_and_a_section_come_to_the_home_page(
    office: Office, product_make: Callable[..., Product]
) -> None:
    for name in ("龙井茶", "毛衣", "龙井礼盒"):
        product_make(name)
    page = office.page
    office.open("catalog/banner/add/")
    choose_target(office)
    office.fill(title="新茶上市", ends_at="2999-01-01T00:00")
    page.set_input_files(
        "[name='image-upload']",
        {"name": "a.png", "mimeType": "image/png", "buffer": picture_file().read()},
    )
    office.choose(".field-product .select2-selection", "礼盒", "龙井礼盒")
    office.shot(f"banner-form-{office.width}")
    assert office.fits()
    office.press("保存")
    banner = Banner.objects.get()
    assert (banner.product.name, banner.target_kind) == ("龙井礼盒", "product")
    assert office.fits()
    office.shot(f"banner-list-{office.width}")

    office.open("catalog/homesection/add/")
    office.fill(title="掌柜推荐", shown_count="4")
    page.select_option("#id_kind", "chosen")
    for number, (word, name) in enumerate((("龙井茶", "龙井茶"), ("毛", "毛衣"))):
        page.locator(".add-row").click()
        row = f".form-group:not(.empty-form) >> nth={number}"
        office.choose(f"{row} >> .select2-selection", word, name)
    office.shot(f"section-form-{office.width}")
    assert office.fits()
    office.press("保存")
    lines = HomeSection.objects.get().lines.select_related("product")
    assert [line.product.name for line in lines] == ["龙井茶", "毛衣"]
    office.shot(f"section-list-{office.width}")

    office.open("catalog/homesection/")
    link = page.locator("a[href*='homesection/preview']:visible")
    if not link.count():
        page.get_by_text("more_horiz", exact=True).click()
    with page.expect_popup() as opened:
        link.first.click()
    expect(opened.value.get_by_role("heading", name="掌柜推荐")).to_be_visible()
    expect(opened.value.get_by_role("img", name="新茶上市")).to_be_visible()


def choose_target(office: Office) -> None:
    """See that each target has its own field; at last, a product is to be chosen."""
    page = office.page
    shown = {
        "product": page.locator(".field-product"),
        "category": page.locator(".field-category"),
        "target": page.locator("#id_target"),
    }
    for kind, wanted in (
        ("nothing", ""),
        ("category", "category"),
        ("web", "target"),
        ("product", "product"),
    ):
        page.select_option("#id_target_kind", kind)
        for name, field in shown.items():
            expect(field).to_be_visible(visible=name == wanted)
