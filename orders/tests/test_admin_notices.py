"""The desk of WeChat's notifications: read, found, and settled once more."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order, Payment, PaymentNotice
from orders.tests.conftest import attempt_made, clerk, line, page, payment_facts, placed

URL = "/admin/orders/paymentnotice/"


@pytest.fixture
def payment(shopper_api: APIClient, tea: Product) -> Payment:
    placed(shopper_api, line(tea))
    return attempt_made(Order.objects.get())


def stored(payment: Payment, id: str, **fields: Any) -> PaymentNotice:
    return PaymentNotice.objects.create(
        **{
            "notice_id": id,
            "event_type": "TRANSACTION.SUCCESS",
            "number": payment.out_trade_no,
            "facts": payment_facts(payment),
            "received_at": timezone.now() - timedelta(minutes=2),
            **fields,
        }
    )


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_page_shows_what_wechat_said(desk: Client, payment: Payment) -> None:
    notice = stored(payment, "EV-1", due_at=timezone.now())
    shown = page(desk, f"{URL}{notice.pk}/change/")
    for text in (payment.out_trade_no, "EV-1", "待处理", "openid-shopper", "9900"):
        assert text in shown
    assert 'type="text"' not in shown.partition("<main")[2]


def test_list_is_narrowed_and_searched(desk: Client, payment: Payment) -> None:
    now = timezone.now()
    stored(payment, "EV-1", settled_at=now)
    stored(payment, "EV-2", due_at=now)
    stored(payment, "EV-3", refusal="payment_mismatch")
    stored(payment, "EV-4", number="R1T01")

    def listed(**query: str) -> set[str]:
        found = desk.get(URL, query).context["cl"].result_list
        return {notice.notice_id for notice in found}

    assert listed(stage="settled") == {"EV-1"}
    assert listed(stage="waiting") == {"EV-2"}
    assert listed(stage="refused") == {"EV-3"}
    assert listed(stage="given_up") == {"EV-4"}
    assert listed(q=payment.order.order_no) == {"EV-1", "EV-2", "EV-3"}
    assert listed(q="R1") == {"EV-4"}
    assert listed(q="EV-3") == {"EV-3"}
    assert listed(q="nothing") == set()
    shown = page(desk, URL)
    for word in ("已处理", "待处理", "被拒绝", "已放弃", "与我们的支付不符"):
        assert word in shown
    assert desk.get(f"{URL}?facts__payer=x").status_code == 400


def test_it_is_settled_once_more(desk: Client, payment: Payment) -> None:
    notice = stored(payment, "EV-1")
    url = f"{URL}{notice.pk}/replay/"
    assert payment.out_trade_no in page(desk, url)
    assert Order.objects.get().status == "pending"
    for _ in range(2):
        response = desk.post(url)
        assert told(response)[-1] == "已重新处理,现在已处理"
        assert response["Location"] == f"{URL}{notice.pk}/change/"
    assert Order.objects.get().status == "paid"
    assert Product.objects.get().sales == 1
    assert LogEntry.objects.count() == 2


def test_refusal_is_told_and_kept(desk: Client, payment: Payment) -> None:
    facts = {**payment_facts(payment), "mchid": "1"}
    notice = stored(payment, "EV-1", facts=facts)
    response = desk.post(f"{URL}{notice.pk}/replay/")
    assert "支付信息不一致" in response.content.decode()
    notice.refresh_from_db()
    assert (notice.settled_at, notice.refusal) == (None, "payment_mismatch")
    assert Order.objects.get().status == "pending"


def test_who_may_only_look_settles_nothing(client: Client, payment: Payment) -> None:
    notice = stored(payment, "EV-1")
    clerk(client, "view_paymentnotice")
    assert f"{notice.pk}/replay" not in page(client, f"{URL}{notice.pk}/change/")
    assert client.post(f"{URL}{notice.pk}/replay/").status_code == 403
    assert client.post(f"{URL}add/").status_code == 403
    assert client.post(f"{URL}{notice.pk}/delete/").status_code == 403
    assert Order.objects.get().status == "pending"


def test_permission_alone_settles_it(client: Client, payment: Payment) -> None:
    notice = stored(payment, "EV-1")
    clerk(client, "view_paymentnotice", "replay_paymentnotice")
    assert f"{notice.pk}/replay" in page(client, f"{URL}{notice.pk}/change/")
    assert client.post(f"{URL}{notice.pk}/replay/").status_code == 302
    assert Order.objects.get().status == "paid"


def test_notice_that_is_gone_leads_to_the_list(desk: Client) -> None:
    response = desk.post(f"{URL}{10**9}/replay/")
    assert (response.status_code, response["Location"]) == (302, URL)
    assert told(response) == ["通知不存在"]


def test_list_is_cheap_however_long(
    desk: Client, payment: Payment, django_assert_max_num_queries: Any
) -> None:
    stored(payment, "EV-0")
    with django_assert_max_num_queries(20) as few:
        desk.get(URL)
    for number in range(1, 40):
        stored(payment, f"EV-{number}")
    with django_assert_max_num_queries(20) as many:
        desk.get(URL)
    assert len(many) == len(few)
