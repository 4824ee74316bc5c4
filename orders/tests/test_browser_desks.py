"""Money looked after and orders ended in a real browser, from the list to the books."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from catalog.models import Product, Sku
from orders.models import (
    AnomalyKind,
    BillCheck,
    BillDifference,
    Order,
    PaymentAnomaly,
    Refund,
)
from orders.services.anomalies import anomaly_note
from orders.services.refunds import refund_request, refund_send
from orders.tests.conftest import line, placed, work
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def rows(office: Office) -> int:
    return office.page.locator("#result_list tbody").count()


def narrow(office: Office, **filters: str) -> None:
    """Open the form of the list's filters, type, and press its button."""
    office.page.locator("a", has_text="filter_list").click()
    for name, value in filters.items():
        office.page.fill(f"#filter-form [name='{name}']", value)
    office.shot(f"desks-filters-{office.width}")
    with office.page.expect_navigation(wait_until="load"):
        office.page.locator("#filter-form").get_by_role("button", name="筛选").click()


def fail_the_job() -> ProcrastinateJob:
    """Leave the only job as a worker does that cannot do it."""
    with connection.cursor() as cursor:
        for status in ("doing", "failed"):
            cursor.execute("UPDATE procrastinate_jobs SET status = %s", [status])
    return ProcrastinateJob.objects.get()


def test_finance_sees_to_an_anomaly(office: Office) -> None:
    anomaly_note(
        kind=AnomalyKind.LATE, key="x", happened="关闭后付款", done="已自动退款"
    )
    office.open("orders/paymentanomaly/")
    office.follow("#result_list tbody th a")
    office.act("/handle/")
    office.fill(note="已联系买家")
    office.press("标为已处理")
    assert office.page.get_by_text("已标为已处理:已联系买家").first.is_visible()
    anomaly = PaymentAnomaly.objects.get()
    assert (anomaly.note, str(anomaly.handled_by)) == ("已联系买家", "owner")
    assert office.fits()


@pytest.fixture
def difference(db: None) -> BillDifference:
    """Something that a bill of weeks ago said, and says no more."""
    day = timezone.localdate() - timedelta(days=40)
    check = BillCheck.objects.create(
        day=day, result="differences", checked_at=timezone.now()
    )
    return BillDifference.objects.create(
        bill_check=check,
        kind="payment_amount",
        number="PAY001",
        bill_says="¥99.00 4200001",
        shop_says="¥98.00 4200001",
    )


@pytest.mark.usefixtures("queue", "audited")
def test_finance_sees_to_a_difference_and_a_failed_job(
    office: Office, difference: BillDifference
) -> None:
    office.open("orders/billcheck/")
    office.follow("#result_list tbody th a")
    office.follow("a:has-text('1 条待处理')")
    office.follow("a:has-text('PAY001')")
    office.act("/resolve/")
    office.fill(note="微信次日补账")
    office.press("标为已处理")
    difference.refresh_from_db()
    assert (difference.note, str(difference.resolved_by)) == ("微信次日补账", "owner")

    check = difference.bill_check
    BillCheck.objects.update(result="failed", error="微信服务暂时不可用")
    office.open(f"orders/billcheck/{check.pk}/change/")
    office.act("/run/")
    office.press("重新对账")
    assert office.page.get_by_text("已安排重新对账").is_visible()
    job = fail_the_job()
    office.open("procrastinate/procrastinatejob/?status=failed")
    office.follow("#result_list tbody th a")
    office.act("/retry/")
    office.press("重试")
    job.refresh_from_db()
    assert (job.task_name, job.status) == ("orders.jobs.bill_check", "todo")
    work()
    check.refresh_from_db()
    assert (check.result, check.error) == ("matched", "")


def cancel(office: Office, order: Order) -> None:
    office.follow(f"a:has-text('{order.order_no}')")
    office.act("/cancel/")
    office.fill(reason="买家来电不要了")
    office.press("确认取消")
    assert office.page.get_by_text("订单已取消,库存已退回").is_visible()
    order.refresh_from_db()
    assert (order.status, order.payments.get().state) == ("cancelled", "closed")
    assert order.events.latest("pk").reason == "买家来电不要了"


def refuse(office: Office, asked: Refund) -> None:
    office.open("orders/refund/")
    office.follow(f"a:has-text('{asked.refund_no}')")
    office.act("/reject/")
    office.fill(answer="颜色与图片一致")
    office.press("拒绝退款")
    assert office.page.get_by_text("已拒绝退款,买家会看到答复").is_visible()
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == ("rejected", "颜色与图片一致")


def test_orders_are_found_by_the_filters_and_ended(
    office: Office,
    wechat_api: APIClient,
    buy: Callable[[], Order],
    tea: Product,
    cup: Product,
    wechat: SimulatorProcess,
) -> None:
    """An unpaid one is cancelled; a paid one is refunded after a request is refused."""
    order_no = placed(wechat_api, line(tea, 2))["orderNo"]
    wechat_api.post(f"/api/orders/{order_no}/pay")
    unpaid, paid = Order.objects.get(), buy()
    today = timezone.localdate()
    office.open("orders/order/")
    assert rows(office) == 2
    narrow(office, created_at_to=str(today - timedelta(days=1)))
    assert rows(office) == 0
    narrow(office, created_at_to=str(today), total_amount_to="200")
    assert rows(office) == 1
    cancel(office, unpaid)

    asked = refund_request(
        order_no=paid.order_no,
        user_id=paid.user_id,
        reason="颜色不对",
        quantities={paid.items.get(product=cup).pk: 1},
    )
    refuse(office, asked)

    office.open("orders/order/?stage=to_ship")
    office.follow(f"a:has-text('{paid.order_no}')")
    office.act(f"order/{paid.pk}/refund/")
    office.fill(reason="没货了")
    office.press("确认退款")
    refund = Refund.objects.exclude(pk=asked.pk).get()
    refund_send(refund_id=refund.pk)
    paid.refresh_from_db()
    assert (paid.status, str(refund.amount)) == ("cancelled", "322.50")
    assert wechat.refund(refund.out_refund_no)["refund"] == 32250
    stocks = Sku.objects.order_by("pk").values_list("stock", flat=True)
    assert list(stocks) == [10, 5]
