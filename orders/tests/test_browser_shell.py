"""The search box and the saved filters in a real browser."""

from playwright.sync_api import expect
from rest_framework.test import APIClient

from catalog.models import Product
from orders.tests.conftest import line, paid_order, placed
from shop.models import SavedFilter
from shop.tests.browser import MARKS, Office

pytestmark = MARKS
LIST = "orders/order/"


def test_order_is_found_by_the_search_box_and_a_filter_is_kept(
    office: Office, shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea))
    placed(shopper_api, line(tea))
    page = office.page
    office.open("")
    find(office, "13800138000")
    expect(page.locator("#command-results-list li")).to_have_count(2)
    office.shot(f"shell-search-{office.width}")
    page.fill("#search-input-command", "")
    page.locator("#search-input-command").press_sequentially(order.order_no)
    found = page.locator("#command-results-list li")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("订单 · 待发货 · ¥99.00 · 张三")
    expect(found).to_have_class("group active")
    with page.expect_navigation(url=f"**/orders/order/{order.pk}/change/"):
        page.keyboard.press("Enter")

    office.open(f"{LIST}?q=张三&stage=to_ship")
    page.get_by_text("保存当前筛选").click()
    office.fill(name="今天待发货")
    office.press("保存")
    kept = page.get_by_role("link", name="今天待发货")
    expect(kept).to_have_attribute("aria-current", "page")
    assert office.fits()
    office.shot(f"shell-filters-{office.width}")
    office.open(LIST)
    office.follow("text=今天待发货")
    expect(page.locator("#result_list tbody")).to_have_count(1)
    page.get_by_text("改名或删除").click()
    office.press("删除")
    expect(kept).to_have_count(0)
    assert not SavedFilter.objects.exists()


def find(office: Office, word: str) -> None:
    """Open the box as staff do, and type."""
    if office.width < 1200:
        office.page.get_by_role("button", name="搜索").click()
    else:
        office.page.keyboard.press("Control+k")
    box = office.page.locator("#search-input-command")
    expect(box).to_be_focused()
    box.press_sequentially(word)
