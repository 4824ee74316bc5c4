"""The category tree, the copy, the preview and the history, in a real browser."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Locator, expect

from catalog.models import Product
from catalog.services.categories import category_create
from catalog.services.products import product_create, product_update
from catalog.services.skus import SkuChange
from catalog.tests.walk import middle, touch_drag
from catalog.tree import category_walk
from shop.api.images import image_store
from shop.api.tests.pictures import picture as picture_make
from shop.tests.browser import MARKS, Office

pytestmark = MARKS
INDENT = 28


@pytest.fixture
def tree(db: None) -> None:
    for name, below in {"茶叶": ("绿茶", "红茶", "乌龙"), "茶具": ("壶", "杯")}.items():
        parent = category_create(name=name, position=len(name))
        for position, child in enumerate(below):
            category_create(name=child, parent=parent, position=position)


def shape() -> list[tuple[str, int]]:
    return [(category.name, level) for category, level in category_walk()]


def handle(office: Office, name: str) -> Locator:
    return office.page.get_by_role("button", name=f"拖动{name}", exact=True)


def drag(office: Office, name: str, to: str, *, levels: int = 0) -> None:
    """Drag a row by the mouse to just above or below another, and to the side."""
    x, y = middle(handle(office, name))
    _, target = middle(handle(office, to))
    beyond = 8 if target > y else -8
    mouse = office.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, (y + target) / 2, steps=4)
    mouse.move(x + levels * INDENT, target + beyond, steps=4)
    mouse.up()


def move(office: Office, name: str, deed: str) -> None:
    """Move a category by a key: its buttons show when its handle has the focus."""
    handle(office, name).focus()
    button = office.page.get_by_role("button", name=f"{name}{deed}", exact=True)
    button.press("Enter")


def test_the_tree_is_dragged_by_the_mouse_and_moved_by_keys(
    office: Office, tree: None
) -> None:
    office.open("catalog/category/")
    office.shot("admin-categories")
    drag(office, "乌龙", "绿茶")
    drag(office, "茶具", "茶叶")
    assert office.page.get_by_text("顺序有改动,还没有保存").is_visible()
    drag(office, "杯", "红茶")
    office.shot("admin-categories-moved")
    office.press("保存顺序")
    assert office.page.get_by_text("分类顺序已保存").is_visible()
    assert shape() == [
        ("茶具", 0),
        ("壶", 1),
        ("茶叶", 0),
        ("乌龙", 1),
        ("绿茶", 1),
        ("红茶", 1),
        ("杯", 1),
    ]

    move(office, "乌龙", "下移")
    move(office, "乌龙", "移到前一个分类下")
    move(office, "茶叶", "移到前一个分类下")
    move(office, "壶", "移到上一级")
    move(office, "壶", "上移")
    office.press("保存顺序")
    assert shape() == [
        ("壶", 0),
        ("茶具", 0),
        ("茶叶", 1),
        ("绿茶", 2),
        ("乌龙", 3),
        ("红茶", 2),
        ("杯", 2),
    ]


@pytest.mark.parametrize("office", ["phone-dark"], indirect=True)
def test_the_tree_is_dragged_by_a_thumb_and_moved_by_keys(
    office: Office, tree: None
) -> None:
    office.open("catalog/category/")
    x, y = middle(handle(office, "红茶"))
    _, target = middle(handle(office, "茶具"))
    # To the end of the list, and a level up.
    _, last = middle(handle(office, "杯"))
    assert target < last
    touch_drag(office.page, (x, y), (x - INDENT, last + 8))
    office.shot("admin-categories-thumb")
    office.press("保存顺序")
    assert shape()[-1] == ("红茶", 0)
    assert office.fits()

    move(office, "红茶", "移到前一个分类下")
    move(office, "乌龙", "上移")
    office.press("保存顺序")
    assert shape() == [
        ("茶叶", 0),
        ("乌龙", 1),
        ("绿茶", 1),
        ("茶具", 0),
        ("壶", 1),
        ("杯", 1),
        ("红茶", 1),
    ]


@pytest.fixture
def tea(staff: Any) -> Product:
    product = product_create(
        fields={
            "name": "明前龙井",
            "description": "<h2>产地</h2><p>西湖<b>龙井村</b>,明前采摘</p>"
            "<ul><li>干茶扁平光滑</li><li>汤色嫩绿</li></ul>",
            "original_price": Decimal(168),
            "status": "off_sale",
        },
        skus=[
            SkuChange(specs={"包装": name}, price=Decimal(price), stock=stock)
            for name, price, stock in (("罐装", 128, 40), ("礼盒", 268, 0))
        ],
        images=[
            image_store(ContentFile(picture_make(), f"{number}.jpg"))
            for number in range(3)
        ],
        operator_id=staff.pk,
    )
    for status, price in (("on_sale", 138), ("off_sale", 128)):
        tin, box = product.skus.order_by("pk")
        product_update(
            product_id=product.pk,
            fields={"status": status, "category": category_create(name=f"茶{price}")},
            skus=[SkuChange(id=tin.pk, price=Decimal(price)), SkuChange(id=box.pk)],
            operator_id=staff.pk,
        )
    return product


def test_tree_preview_and_history_fit_every_screen(
    office: Office, tree: None, tea: Product
) -> None:
    office.everywhere("catalog/category/", "admin-category-tree")
    office.everywhere(f"catalog/product/{tea.pk}/preview/", "admin-preview")
    office.everywhere(f"catalog/product/{tea.pk}/history/", "admin-history")


def test_a_product_is_looked_at_as_a_shopper_would_and_copied(
    office: Office, tea: Product
) -> None:
    office.open(f"catalog/product/{tea.pk}/change/")
    link = office.page.locator("a[href$='/preview/']").first
    if not link.is_visible():
        office.page.get_by_text("more_horiz", exact=True).click()
    with office.page.expect_popup() as opened:
        link.click()
    seen = opened.value
    seen.get_by_text("不在售,买家看不到").wait_for()
    pictures = seen.locator(".preview-pictures")
    assert pictures.locator("img").count() == 3
    pictures.press("ArrowRight")
    seen.wait_for_function(
        "document.querySelector('.preview-pictures').scrollLeft > 100"
    )
    seen.close()

    office.act("/copy/")
    office.shot("admin-copy")
    assert office.fits()
    # Twice, as an impatient hand does: the browser gives up on the first answer.
    office.page.get_by_role("button", name="复制", exact=True).dblclick()
    expect(office.page).to_have_url(re.compile("/change/$"))
    office.page.wait_for_load_state()
    copy = Product.objects.exclude(pk=tea.pk).get()
    assert office.page.url.endswith(f"/catalog/product/{copy.pk}/change/")
    assert (copy.name, copy.status) == ("明前龙井 副本", "off_sale")
