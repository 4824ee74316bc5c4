"""The first page in a real browser: figures, and the way to what waits."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import DailyFigures, DailyProductSales
from orders.tests.conftest import line, paid_order
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


@pytest.fixture
def month(tea: Product, cup: Product) -> None:
    """Two months of finished days, each a little better than the one before."""
    today = timezone.localdate()
    DailyFigures.objects.bulk_create(
        DailyFigures(
            day=today - timedelta(days=61 - n),
            orders=20 + n % 7 * 3,
            paid_orders=15 + n % 7 * 2,
            paid_amount=Decimal(2500 + n * 37 + n % 7 * 410),
            refunds=n % 3,
            refund_amount=Decimal(n % 3 * 99),
            new_shoppers=5 + n % 5,
            counted_at=timezone.now(),
        )
        for n in range(1, 61)
    )
    yesterday = today - timedelta(days=1)
    for number, product in enumerate((tea, cup), start=1):
        DailyProductSales.objects.create(
            day=yesterday, product=product, pieces=48 // number, amount=4752 // number
        )


@pytest.mark.usefixtures("month")
def test_owner_sees_how_the_shop_does_and_follows_what_waits(
    office: Office, shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea, 2))
    office.open("")
    assert office.page.get_by_text("¥198.00").first.is_visible()
    office.page.get_by_text("查看每天的数字").click()
    assert office.page.get_by_role("cell", name="¥6,360.00").first.is_visible()
    # Drawn by the script, from the data of the page.
    assert (
        office.page.evaluate(
            "Chart.getChart(document.querySelector('canvas.chart')).data.datasets[0].data"
            ".length"
        )
        == 30
    )
    office.follow("a:has-text('待发货')")
    assert office.page.get_by_text(order.order_no).first.is_visible()


@pytest.mark.usefixtures("month")
def test_it_fits_every_screen(
    office: Office, shopper_api: APIClient, tea: Product
) -> None:
    paid_order(shopper_api, line(tea, 2))
    tea.skus.update(alarm_stock=20)
    office.everywhere("", "home")
