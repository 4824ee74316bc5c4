"""A coupon made in a real browser, for products that are looked for by name."""

from collections.abc import Callable

from catalog.models import Product
from orders.models import Coupon
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def test_owner_makes_a_coupon_for_products_and_publishes_it(
    office: Office, product_make: Callable[..., Product]
) -> None:
    tea = product_make("明前龙井茶")
    product_make("茶杯")
    office.open("orders/coupon/add/")
    page = office.page
    office.fill(title="龙井立减", minimum_amount="50", amount="10", valid_days="7")
    page.fill("[name='claim_from']", "2026-01-01T00:00")
    assert not page.locator(".field-products").is_visible()
    page.select_option("[name='scope']", "products")
    assert not page.locator(".field-categories").is_visible()
    office.choose(".field-products .select2-search__field", "龙井", "明前龙井茶")
    office.shot(f"coupon-form-{office.width}")
    assert office.fits()
    office.press("保存")
    coupon = Coupon.objects.get()
    assert (coupon.scope, coupon.target_ids) == ("products", [tea.pk])
    office.open(f"orders/coupon/{coupon.pk}/change/")
    assert page.locator(".field-products .select2-selection__choice").count() == 1
    office.act("/publish/")
    office.press("确认发布")
    office.shot(f"coupon-published-{office.width}")
    coupon.refresh_from_db()
    assert coupon.status == "published"
    office.open("orders/coupon/")
    assert page.get_by_text("领取中").first.is_visible()
    office.shot(f"coupon-list-{office.width}")
    assert office.fits()
    office.open("orders/coupon/calendar/")
    assert page.locator("td[aria-current=date] a", has_text="龙井立减").is_visible()
    office.shot(f"coupon-calendar-{office.width}")
    assert office.fits()
