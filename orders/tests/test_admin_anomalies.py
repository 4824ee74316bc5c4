"""Odd money in the admin: found, read, and marked as looked at."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import AnomalyKind, Payment, PaymentAnomaly
from orders.services.anomalies import anomaly_handle, anomaly_note
from orders.tests.conftest import clerk, line, page, paid_order
from orders.tests.order_actions.pages import refusals, told

ANOMALIES = "/admin/orders/paymentanomaly/"


def url(anomaly: PaymentAnomaly, name: str) -> str:
    return f"{ANOMALIES}{anomaly.pk}/{name}/"


def found(client: Client, **query: Any) -> list[int]:
    changelist = client.get(ANOMALIES, query).context["cl"]
    return [row.pk for row in changelist.result_list]


def note(
    payment: Payment | None, key: str, kind: AnomalyKind = AnomalyKind.SECOND
) -> PaymentAnomaly:
    anomaly_note(
        kind=kind,
        key=key,
        happened=f"收到第二笔付款{key}",
        done="已自动退款",
        order=payment.order if payment else None,
        payment=payment,
        facts={"transaction_id": f"42{key}", "payer": {"openid": "o"}},
    )
    return PaymentAnomaly.objects.latest("pk")


@pytest.fixture
def payment(shopper_api: APIClient, tea: Product) -> Payment:
    return Payment.objects.get(order=paid_order(shopper_api, line(tea)))


@pytest.fixture
def anomaly(payment: Payment) -> PaymentAnomaly:
    return note(payment, "A1")


def test_list_opens_with_what_nobody_has_looked_at(
    desk: Client, staff: User, anomaly: PaymentAnomaly
) -> None:
    late = note(None, "A2", AnomalyKind.LATE)
    handled = note(anomaly.payment, "A3")
    anomaly_handle(anomaly_id=handled.pk, operator_id=staff.pk, note="已核对")
    assert found(desk) == [late.pk, anomaly.pk]
    assert found(desk, handled="yes") == [handled.pk]
    assert found(desk, handled="all") == [handled.pk, late.pk, anomaly.pk]
    assert found(desk, kind__exact="late") == [late.pk]
    assert anomaly.order is not None
    word = anomaly.order.order_no[:20]
    assert found(desk, q=word) == [handled.pk, anomaly.pk]
    text = page(desk, ANOMALIES)
    for fact in (
        *("重复付款", "迟到付款", "未处理", "已处理", "收到第二笔付款A1", "已自动退款"),
        *("发生了什么", "系统做了什么", "最近时间", anomaly.order.order_no),
    ):
        assert fact in text, fact


def test_page_tells_everything(
    desk: Client, staff: User, anomaly: PaymentAnomaly
) -> None:
    note(anomaly.payment, "A1")
    text = page(desk, url(anomaly, "change"))
    for fact in (
        *("收到第二笔付款A1", "已自动退款", "重复付款", "未处理", "42A1"),
        f'/admin/orders/order/{anomaly.order_id}/change/" class="text-primary-600',
        f'/admin/orders/payment/{anomaly.payment_id}/change/" class="text-primary-600',
    ):
        assert fact in text, fact
    assert "openid" not in text
    assert PaymentAnomaly.objects.get().times == 2
    anomaly_handle(anomaly_id=anomaly.pk, operator_id=staff.pk, note="已核对")
    text = page(desk, url(anomaly, "change"))
    for fact in ("已处理", "已核对", "boss"):
        assert fact in text, fact


def test_readers_without_payments_see_no_payment_data(
    client: Client, anomaly: PaymentAnomaly
) -> None:
    assert anomaly.payment is not None
    client = clerk(client, "view_paymentanomaly")
    text = page(client, url(anomaly, "change"))
    assert "收到第二笔付款A1" in text
    assert "42A1" not in text
    assert anomaly.payment.out_trade_no not in text


def test_handle(desk: Client, staff: User, anomaly: PaymentAnomaly) -> None:
    text = page(desk, url(anomaly, "handle"))
    assert "收到第二笔付款A1" in text
    response = desk.post(url(anomaly, "handle"), {"note": "<b>已核对</b>"})
    assert told(response) == ["已标为已处理:已核对"]
    anomaly.refresh_from_db()
    assert (anomaly.handled_by, anomaly.note) == (staff, "已核对")
    assert anomaly.handled_at is not None
    assert LogEntry.objects.filter(object_id=str(anomaly.pk), user=staff).count() == 1
    assert found(desk) == []


def test_what_still_happens_a_day_later_is_open_again(
    desk: Client, anomaly: PaymentAnomaly
) -> None:
    """Tried again each hour, it would otherwise be handled each hour."""
    desk.post(url(anomaly, "handle"), {"note": "已核对"})
    handled = PaymentAnomaly.objects.filter(pk=anomaly.pk)
    handled.update(handled_at=timezone.now() - timedelta(hours=23))
    note(anomaly.payment, "A1")
    assert found(desk) == []
    handled.update(handled_at=timezone.now() - timedelta(hours=25), times=1)
    note(anomaly.payment, "A1")
    assert found(desk) == [anomaly.pk]
    desk.post(url(anomaly, "handle"), {"note": "又核对了"})
    anomaly.refresh_from_db()
    assert (anomaly.note, anomaly.times) == ("又核对了", 2)


@pytest.mark.parametrize("text", ["", " ", "<b></b>"])
def test_handle_needs_a_note(desk: Client, anomaly: PaymentAnomaly, text: str) -> None:
    response = desk.post(url(anomaly, "handle"), {"note": text})
    assert refusals(response) == ["处理说明不能为空"]
    anomaly.refresh_from_db()
    assert anomaly.handled_at is None


def test_a_twin_that_was_faster_is_told(
    desk: Client, staff: User, anomaly: PaymentAnomaly
) -> None:
    anomaly_handle(anomaly_id=anomaly.pk, operator_id=staff.pk, note="第一个")
    for response in (
        desk.get(url(anomaly, "handle")),
        desk.post(url(anomaly, "handle"), {"note": "第二个"}),
    ):
        assert response.headers["Location"] == url(anomaly, "change")
        assert told(response)[0] == "该异常已处理,不能这样做"
    anomaly.refresh_from_db()
    assert anomaly.note == "第一个"
    response = desk.get(f"{ANOMALIES}999/handle/", follow=True)
    assert "该异常不存在,不能这样做" in response.content.decode()


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (("view_paymentanomaly", "change_paymentanomaly"), 403),
        (("view_payment", "handle_paymentanomaly"), 403),
        (("view_paymentanomaly", "handle_paymentanomaly"), 200),
    ],
)
def test_handling_has_a_permission_of_its_own(
    client: Client, anomaly: PaymentAnomaly, permissions: tuple[str, ...], status: int
) -> None:
    client = clerk(client, *permissions)
    assert client.get(url(anomaly, "handle")).status_code == status
    if "view_paymentanomaly" in permissions:
        is_offered = url(anomaly, "handle") in page(client, url(anomaly, "change"))
        assert is_offered is (status == 200)
    if status == 403:
        posted = client.post(url(anomaly, "handle"), {"note": "好"})
        assert posted.status_code == 403
    anomaly.refresh_from_db()
    assert anomaly.handled_at is None


def test_nothing_is_edited_by_hand(desk: Client, anomaly: PaymentAnomaly) -> None:
    for path in ("change", "delete"):
        sent = {"note": "x", "post": "yes"}
        assert desk.post(url(anomaly, path), sent).status_code == 403
    assert desk.get(f"{ANOMALIES}add/").status_code == 403
    anomaly.refresh_from_db()
    assert anomaly.note == ""


def badge(client: Client) -> str:
    link = page(client, ANOMALIES).partition(f'href="{ANOMALIES}"')[2]
    return link.partition("</a>")[0]


def test_badge_counts_the_open_ones(
    desk: Client, staff: User, anomaly: PaymentAnomaly
) -> None:
    note(anomaly.payment, "A2")
    assert '-red-400">2</span>' in badge(desk)
    for one in PaymentAnomaly.objects.open():
        anomaly_handle(anomaly_id=one.pk, operator_id=staff.pk, note="好")
    assert "-red-400" not in badge(desk)


def test_open_ones_have_an_index(anomaly: PaymentAnomaly) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = PaymentAnomaly.objects.open().order_by("-pk").explain()
    assert "anomaly_open" in plan, plan


def test_statements_do_not_grow(
    desk: Client, payment: Payment, anomaly: PaymentAnomaly
) -> None:
    def statements(path: str) -> int:
        page(desk, path)  # Once, to fill Django's cache of content types.
        with CaptureQueriesContext(connection) as queries:
            page(desk, path)
        assert len(queries) <= 15
        return len(queries)

    paths = (ANOMALIES, url(anomaly, "change"), url(anomaly, "handle"))
    few = [statements(path) for path in paths]
    for number in range(4):
        note(payment, f"B{number}")
    assert [statements(path) for path in paths] == few


def test_staff_without_the_permission_see_none(
    client: Client, anomaly: PaymentAnomaly
) -> None:
    client = clerk(client, "view_order", "view_payment")
    assert client.get(ANOMALIES).status_code == 403
    assert client.get(url(anomaly, "change")).status_code == 403
    assert ANOMALIES not in page(client, "/admin/orders/order/")
