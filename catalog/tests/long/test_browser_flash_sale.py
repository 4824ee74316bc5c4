"""A flash sale arranged in a real browser: a SKU is found by what staff type."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from catalog.models import FlashSale, Product, Sku
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


@pytest.mark.parametrize("office", ["phone-light"], indirect=True)
def test_staff_find_two_skus_and_see_the_sale_in_the_calendar(
    office: Office, product_make: Callable[..., Product]
) -> None:
    tea, cup = (
        product_make("龙井茶", price="99.00"),
        product_make("茶杯", price="20.00"),
    )
    Sku.objects.filter(product=cup).update(specs={"颜色": "白"}, code="CUP-1")
    product_make("毛巾")
    page = office.page
    office.open("catalog/flashsale/add/")
    office.fill(name="周末秒杀")
    for field, hour in (("starts_at", 10), ("ends_at", 22)):
        moment = timezone.localdate().replace(day=1).isoformat()
        moment = moment.replace(moment[:4], str(timezone.localdate().year + 1))
        office.fill(**{f"{field}_0": moment, f"{field}_1": f"{hour}:00:00"})
    for number, (typed, found) in enumerate((("龙井", "龙井茶"), ("CUP", "茶杯 白"))):
        if number:
            page.get_by_text("添加另一个 活动商品").click()
        office.choose(f"[name='lines-{number}-sku_id'] ~ .select2", typed, found)
        office.fill(
            **{
                f"lines-{number}-price": "9.90",
                f"lines-{number}-stock": str(number + 3),
            }
        )
    office.shot("flash-sale-form")
    office.press("保存")
    sale = FlashSale.objects.get()
    rows = sale.lines.order_by("stock").values_list("sku", "stock", "user_limit")
    skus = [product.skus.get().pk for product in (tea, cup)]
    assert list(rows) == [(skus[0], 3, None), (skus[1], 4, None)]
    month = f"{timezone.localtime(sale.starts_at):%Y-%m}"
    office.everywhere(
        f"catalog/flashsale/calendar/?month={month}", "flash-sale-calendar"
    )
    assert page.get_by_role("link", name="秒杀 周末秒杀").is_visible()
    office.everywhere(f"catalog/flashsale/{sale.pk}/change/", "flash-sale")
