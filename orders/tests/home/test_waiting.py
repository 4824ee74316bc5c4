"""The first page tells each reader what waits."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalog.models import Product, Sku
from orders.models import (
    AnomalyKind,
    BillCheck,
    BillDifference,
    DailyProductSales,
    Order,
    Review,
    ReviewAppend,
    ShippingUpload,
)
from orders.services.anomalies import anomaly_note
from orders.tests.conftest import clerk, page
from orders.tests.figures.days import refund_at
from orders.tests.home.pages import HOME, statements


@pytest.fixture
def waiting(one_of_each: dict[str, Order], tea: Product) -> None:
    """Let something wait in each list, more than one where that is easy."""
    paid = one_of_each["paid"]
    for state, count in (("requested", 1), ("failed", 2)):
        for _ in range(count):
            refund_at(paid, None, "1.00", state=state)
    for key in "ab":
        anomaly_note(kind=AnomalyKind.LATE, key=key, happened="x", done="x")
    check = BillCheck.objects.create(
        day=timezone.localdate(), result="differences", checked_at=timezone.now()
    )
    for number in "abc":
        BillDifference.objects.create(
            bill_check=check, kind="unknown_refund", number=number
        )
    ShippingUpload.objects.update(state="failed")
    for state, item in zip(("waiting", "public"), paid.items.all(), strict=True):
        review = Review.objects.create(
            order_item=item, product_id=item.product_id, rating=5, state=state
        )
    ReviewAppend.objects.create(review=review, state="waiting")
    tea.skus.update(alarm_stock=100)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
            " VALUES ('default', 'orders.jobs.orders_sweep', 'failed')"
        )


def waits(client: Client) -> dict[str, tuple[int, str]]:
    shown = client.get(HOME).context["waiting"]
    return {one.word: (one.count, one.url) for one in shown}


@pytest.mark.usefixtures("waiting")
def test_each_thing_that_waits_leads_to_the_list_of_as_many(desk: Client) -> None:
    found = waits(desk)
    assert {word: count for word, (count, _) in found.items()} == {
        "待发货": 2,
        "待处理退款": 1,
        "退款失败": 2,
        "待审核评价": 2,
        "支付异常": 2,
        "对账差异": 3,
        "发货上报失败": ShippingUpload.objects.count(),
        "后台任务失败": 1,
        "需补货": 1,
    }
    for count, url in found.values():
        listed = desk.get(url)
        assert (url, listed.context["cl"].result_count) == (url, count)


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize(
    ("permission", "words"),
    [
        ("view_order", {"待发货"}),
        ("view_refund", {"待处理退款", "退款失败"}),
        ("view_review", {"待审核评价"}),
        ("view_paymentanomaly", {"支付异常"}),
        ("view_billdifference", {"对账差异"}),
        ("view_shippingupload", {"发货上报失败"}),
        ("view_procrastinatejob", {"后台任务失败"}),
        ("view_sku", {"需补货"}),
        ("view_payment", set()),
    ],
)
def test_who_may_not_see_a_list_is_not_told_what_waits_there(
    client: Client, permission: str, words: set[str]
) -> None:
    assert waits(clerk(client, permission)).keys() == words


def test_nothing_waits_and_the_first_desk_is_offered(client: Client, db: None) -> None:
    text = page(clerk(client, "view_payment"), HOME)
    assert "现在没有等待您处理的事情" in text
    assert 'href="/admin/orders/payment/"' in text
    assert "打开支付" in text
    assert "近30天" not in text
    client.logout()
    User.objects.all().delete()
    bare = clerk(client).get(HOME)
    assert (bare.context["waiting"], bare.context["first_desk"]) == ([], None)


def low(client: Client) -> int:
    return waits(client).get("需补货", (0, ""))[0]


def test_what_is_low_is_counted_once_a_minute_in_the_same_statement(
    desk: Client, tea: Product, cup: Product
) -> None:
    first = statements(desk)
    assert low(desk) == 0
    Sku.objects.update(alarm_stock=100)
    assert low(desk) == 0
    cache.clear()
    assert low(desk) == Sku.objects.low().count() == 2
    Product.objects.filter(pk=cup.pk).update(status="off_sale")
    assert low(desk) == 2
    cache.clear()
    assert low(desk) == 1
    assert statements(desk) == first


def test_names_of_staff_and_products_are_inert(
    desk: Client, staff: User, product_make: Callable[..., Product]
) -> None:
    script = "<script>alert(1)</script>"
    User.objects.filter(pk=staff.pk).update(nickname=script)
    product = product_make(script)
    DailyProductSales.objects.create(
        day=timezone.localdate() - timedelta(days=1),
        product=product,
        pieces=1,
        amount=1,
    )
    text = page(desk, HOME)
    assert script not in text
    assert text.count("&lt;script&gt;alert(1)") >= 2
