"""The order desk walked as staff do: find, read, copy, mend, ship and print orders."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page
from rest_framework.test import APIClient

from catalog.models import Product, Sku
from orders.models import Order, OrderAddressChange, OrderNote, OrderPriceChange
from orders.services.audit import orders_audit
from orders.tests.conftest import line, paid_order, placed
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def copied(page: Page) -> str:
    """Press the button of the address; return what its script has put to copy."""
    page.evaluate(
        "document.addEventListener('copy', () => {"
        " window.copied = document.activeElement.value })"
    )
    # The old way: a test's browser has no clipboard to write to.
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("button", name="复制地址").click()
    page.get_by_role("button", name="已复制").wait_for()
    text: str = page.evaluate("window.copied")
    return text


def rows(office: Office) -> int:
    return office.page.locator("#result_list tbody").count()


def find(office: Office, theme: str) -> None:
    """By the filters the two orders that are paid, by its phone the one of them."""
    office.open("orders/order/")
    assert rows(office) == 3
    office.page.locator("a:has-text('filter_list')").first.click()
    office.shot(f"orderdesk-filter-{theme}")
    office.page.select_option("[name='stage']", "to_ship")
    office.press("筛选")
    assert rows(office) == 2
    office.shot(f"orderdesk-list-{theme}")
    office.open("orders/order/?q=13800138000")
    assert rows(office) == 1


def mend_and_ship(office: Office, theme: str) -> None:
    office.act("/readdress/")
    office.fill(detail="软件园2号楼", phone="13912345678", reason="买家来电")
    office.shot(f"orderdesk-readdress-{theme}")
    office.press("确认改地址")
    office.fill(text="易碎,多包一层")
    office.press("保存备注")
    office.act("/ship/")
    office.page.select_option("[name='carrier']", "SF")
    office.fill(tracking_no="SF1001")
    office.press("确认发货")
    office.shot(f"orderdesk-shipped-{theme}")


def test_order_is_found_read_mended_and_shipped(
    office: Office,
    shopper_api: APIClient,
    product_make: Callable[..., Product],
    tea: Product,
    cup: Product,
) -> None:
    pot = product_make("紫砂壶", price="399.00")
    paid = paid_order(shopper_api, line(tea, 2), line(cup), line(pot))
    other = paid_order(shopper_api, line(cup))
    unpaid = Order.objects.get(order_no=placed(shopper_api, line(tea))["orderNo"])
    others = Order.objects.filter(pk__in=[other.pk, unpaid.pk])
    others.update(phone="13912345678", name="李四")
    page = office.page
    theme = "phone" if office.width < 500 else "desktop"

    find(office, theme)
    office.follow(f"a:has-text('{paid.order_no}')")
    assert office.fits()
    assert copied(page) == "张三 13800138000 广东省深圳市南山区科技园1号"
    office.shot(f"orderdesk-order-{theme}")
    if theme == "desktop":
        # All of it on one screen.
        height = page.evaluate("document.documentElement.scrollHeight")
        assert height <= 800

    mend_and_ship(office, theme)
    office.follow("a:has-text('下一单待发货')")
    assert page.url.endswith(f"/{other.pk}/change/")

    office.open(f"orders/order/{unpaid.pk}/change/")
    office.act("/reprice/")
    office.fill(discount_amount="9.00", reason="老顾客")
    office.press("确认改价")
    assert page.get_by_text("应付金额¥99.00 → ¥90.00").is_visible()

    paid.refresh_from_db()
    assert (paid.status, paid.phone, paid.detail) == (
        "shipped",
        "13912345678",
        "软件园2号楼",
    )
    assert OrderAddressChange.objects.get().old["detail"] == "科技园1号"
    assert OrderNote.objects.get().text == "易碎,多包一层"
    assert OrderPriceChange.objects.get().new_total_amount == Decimal("90.00")
    assert orders_audit() == []


# PDF's points, 72 to the inch.
SIZES = {"a4": (594.96, 841.92), "76mm": (215.04, 368.64)}


def printed(page: Page) -> list[tuple[float, float]]:
    """Print a page to a PDF of the size that its style sheet asks for."""
    boxes = re.findall(
        rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", page.pdf(prefer_css_page_size=True)
    )
    return [(float(width), float(height)) for width, height in boxes]


def test_slips_are_printed_from_the_list(
    office: Office, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    Sku.objects.filter(product=tea).update(code="TEA-1")
    for _ in range(3):
        paid_order(shopper_api, line(tea, 2), line(cup))
    office.open("orders/order/")
    for row in office.page.locator("[name='_selected_action']").all():
        row.check()
    office.page.select_option("[name='action']", "pack")
    office.press("执行")
    for paper, size in SIZES.items():
        if paper != "a4":
            office.follow("a:has-text('76 mm')")
        assert office.page.locator(".slip").count() == 3
        office.shot(f"orderdesk-packing-{paper}")
        assert printed(office.page) == [pytest.approx(size, abs=1.5)] * 3

    packing = office.page.url.partition("/admin/")[2].partition("&")[0]
    office.open(packing.replace("packing", "picking"))
    cells = office.page.locator("tbody tr").all_inner_texts()
    assert [re.split(r"\s+", cell.strip()) for cell in cells] == [
        ["茶杯", "3"],
        ["龙井茶", "TEA-1", "6"],
    ]
    for paper, size in SIZES.items():
        if paper != "a4":
            office.follow("a:has-text('76 mm')")
        office.shot(f"orderdesk-picking-{paper}")
        assert printed(office.page) == [pytest.approx(size, abs=1.5)]
