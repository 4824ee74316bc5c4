"""What staff do with a refund, with WeChat at the other end."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Payment, Refund
from orders.services.closing import order_cancel
from orders.services.fulfilment import order_ship
from orders.services.refunds import (
    refund_query,
    refund_send,
)
from orders.services.refunds.settling import refund_refuse
from orders.tests.conftest import clerk, line, page, paid_order, stock_of
from orders.tests.order_actions.pages import refusals, told
from orders.tests.refund_desk.pages import REFUNDS, books, found, request, sales, url
from shop.devstack.simulator.process import SimulatorProcess


def test_what_wechat_will_not_pay_is_ended_by_hand(
    desk: Client, shopper_api: APIClient, staff: User, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea, 2))
    order_cancel(order_no=order.order_no, user_id=order.user_id)
    refund = Refund.objects.get()
    refund_refuse(refund=refund, wechat_code="INVALID_REQUEST")
    before = books()
    assert "买家会看到处理说明" in page(desk, url(refund, "by_hand"))
    assert desk.post(url(refund, "by_hand"), {"note": ""}).status_code == 200
    assert books() == before
    sent = desk.post(url(refund, "by_hand"), {"note": "8月1日已在商户平台退款"})
    assert told(sent) == ["已登记另行退款¥198.00"]
    refund.refresh_from_db()
    order.refresh_from_db()
    assert (refund.state, refund.wechat_error) == ("succeeded", "INVALID_REQUEST")
    assert (refund.is_accepted, refund.due_at) == (True, None)
    event = refund.events.latest("pk")
    assert (event.reason, event.operator) == ("8月1日已在商户平台退款", staff)
    assert (order.status, order.is_closing, sales(tea)) == ("cancelled", False, 0)
    assert stock_of(tea) == 10


def test_approve_of_some_pieces(
    desk: Client,
    staff: User,
    buy: Callable[[], Order],
    wechat: SimulatorProcess,
    tea: Product,
    cup: Product,
) -> None:
    """Nothing has left: the pieces are back by themselves, and no box asks."""
    order = buy()
    refund = request(order, {order.items.earliest("pk").pk: 2})
    text = page(desk, url(refund, "approve"))
    assert "龙井茶 × 2" in text
    assert "¥198.00" in text
    assert "is_restocked" not in text
    answered = desk.post(url(refund, "approve"), {"answer": "<b>抱歉</b>"})
    assert told(answered) == ["已同意退款¥198.00,正在提交微信"]
    refund.refresh_from_db()
    assert (refund.state, refund.answer) == ("approved", "抱歉")
    assert (stock_of(tea), sales(tea)) == (7, 3)
    entry = LogEntry.objects.get(object_id=str(refund.pk), user=staff)
    assert entry.get_change_message() == "已同意退款¥198.00,正在提交微信"

    refund_send(refund_id=refund.pk)
    assert (stock_of(tea), sales(tea), stock_of(cup)) == (9, 1, 4)
    wechat.refund_decide(refund.out_refund_no, "SUCCESS")
    refund.refresh_from_db()
    order.refresh_from_db()
    assert (refund.state, order.status) == ("succeeded", "paid")
    assert wechat.refund(refund.out_refund_no)["refund"] == 19800
    steps = [event.to_state for event in refund.events.all()]
    assert steps == ["requested", "approved", "processing", "succeeded"]
    text = page(desk, f"/admin/orders/order/{order.pk}/change/")
    for fact in (refund.refund_no, "申请退款", "同意退款", "微信受理退款", "退款到账"):
        assert fact in text, fact
    text = page(desk, f"/admin/orders/payment/{refund.payment_id}/change/")
    assert refund.refund_no in text
    assert text.count("¥198.00") == 2


@pytest.mark.parametrize(("sent", "stock"), [({}, 9), ({"is_restocked": "on"}, 10)])
def test_what_had_left_is_restocked_when_staff_say_so(
    desk: Client,
    buy: Callable[[], Order],
    wechat: SimulatorProcess,
    tea: Product,
    sent: dict[str, str],
    stock: int,
) -> None:
    order = buy()
    item = order.items.earliest("pk")
    order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no="SF1",
        operator_id=None,
        quantities={item.pk: 1},
    )
    refund = request(order, {item.pk: 3})
    assert 'name="is_restocked"' in page(desk, url(refund, "approve"))
    desk.post(url(refund, "approve"), {"answer": "", **sent})
    refund_send(refund_id=refund.pk)
    assert (stock_of(tea), sales(tea)) == (stock, 0)


def test_approve_of_all_ends_the_order_when_wechat_has_taken_it(
    desk: Client, buy: Callable[[], Order], tea: Product, cup: Product
) -> None:
    order = buy()
    refund = request(order)
    desk.post(url(refund, "approve"), {"answer": ""})
    order_url = f"/admin/orders/order/{order.pk}/"
    assert "退款中" in page(desk, f"{order_url}change/")
    assert desk.get(f"{order_url}ship/").status_code == 302
    refund_send(refund_id=refund.pk)
    order.refresh_from_db()
    assert (order.status, order.is_closing) == ("cancelled", False)
    assert (stock_of(tea), stock_of(cup), sales(tea), sales(cup)) == (10, 5, 0, 0)


def test_reject(
    desk: Client, buy: Callable[[], Order], staff: User, wechat: SimulatorProcess
) -> None:
    order = buy()
    refund = request(order)
    answered = desk.post(url(refund, "reject"), {"answer": "已超过七天"})
    assert told(answered) == ["已拒绝退款,买家会看到答复"]
    refund.refresh_from_db()
    assert (refund.state, refund.answer) == ("rejected", "已超过七天")
    assert refund.events.latest("pk").operator == staff
    assert Payment.objects.get().refund_amount == Decimal("0.00")
    assert list(order.items.values_list("refund_quantity", flat=True)) == [0, 0]
    numbers = {one["outRefundNo"] for one in wechat.state()["refunds"]}
    assert refund.out_refund_no not in numbers


@pytest.mark.parametrize(
    ("action", "answer", "message"),
    [
        ("reject", "", "答复不能为空"),
        ("reject", " <b></b> ", "答复不能为空"),
        ("reject", "长" * 201, "确保该变量包含不超过 200 字符 (目前字符数 201)。"),
        ("approve", "长" * 201, "确保该变量包含不超过 200 字符 (目前字符数 201)。"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_on_its_page(
    desk: Client, requested: Refund, action: str, answer: str, message: str
) -> None:
    before = books()
    response = desk.post(url(requested, action), {"answer": answer})
    assert refusals(response) == [message]
    assert books() == before


def test_a_failed_refund_is_sent_again(
    desk: Client, buy: Callable[[], Order], wechat: SimulatorProcess, tea: Product
) -> None:
    refund = request(buy())
    desk.post(url(refund, "approve"), {"answer": ""})
    wechat.refuse_refunds("INVALID_REQUEST", 400)
    refund_send(refund_id=refund.pk)
    assert found(desk) == [refund.pk]
    assert "INVALID_REQUEST" in page(desk, url(refund, "retry"))
    answered = desk.post(url(refund, "retry"))
    assert told(answered) == ["退款¥322.50已重新提交"]
    refund_send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert (refund.state, refund.attempt) == ("processing", 1)
    assert stock_of(tea) == 10


def test_a_closed_one_is_sent_under_a_new_number_an_abnormal_one_never(
    desk: Client, buy: Callable[[], Order], wechat: SimulatorProcess
) -> None:
    refund = request(buy())
    desk.post(url(refund, "approve"), {"answer": ""})
    refund_send(refund_id=refund.pk)
    wechat.refund_decide(refund.out_refund_no, "ABNORMAL")
    before = books()
    response = desk.post(url(refund, "retry"))
    assert refusals(response) == ["退款异常需要到微信商户平台处理,系统会自动查询结果"]
    assert books() == before

    wechat.refund_decide(refund.out_refund_no, "CLOSED")
    desk.post(url(refund, "retry"))
    refund_send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert (refund.state, refund.attempt) == ("processing", 2)


def test_query_books_what_wechat_says(
    desk: Client, buy: Callable[[], Order], wechat: SimulatorProcess
) -> None:
    refund = request(buy())
    desk.post(url(refund, "approve"), {"answer": ""})
    # Its job has not run: the query sends it.
    answered = desk.post(url(refund, "query"))
    assert told(answered)[-1] == "已查询微信,退款单现在是“退款中”"
    wechat.fault("notify", "never", 1)
    wechat.refund_decide(refund.out_refund_no, "SUCCESS")
    wechat.fault("query", "500", 1)
    before = books()
    response = desk.post(url(refund, "query"))
    assert refusals(response) == ["微信服务暂时不可用,请稍后再试"]
    assert books() == before
    answered = desk.post(url(refund, "query"))
    assert told(answered)[-1] == "已查询微信,退款单现在是“已退款”"
    assert refund_query(refund_id=refund.pk) == "succeeded"


def test_query_of_what_wechat_does_not_know_changes_nothing(
    desk: Client, buy: Callable[[], Order], wechat: SimulatorProcess
) -> None:
    refund = request(buy())
    desk.post(url(refund, "approve"), {"answer": ""})
    wechat.refuse_refunds("INVALID_REQUEST", 400)
    refund_send(refund_id=refund.pk)
    answered = desk.post(url(refund, "query"))
    assert told(answered)[-1] == "已查询微信,退款单现在是“退款失败”"


def test_money_that_pays_for_nothing_is_shown_with_its_refund(
    desk: Client, buy: Callable[[], Order], wechat: SimulatorProcess
) -> None:
    payment = Payment.objects.get(order=buy())
    Payment.objects.filter(pk=payment.pk).update(state="undue")
    text = page(desk, f"/admin/orders/payment/{payment.pk}/change/")
    assert "多收款" in text
    assert "bg-red-100" in text
    Payment.objects.filter(pk=payment.pk).update(state="succeeded")


def test_staff_without_the_permission_see_no_refunds(
    client: Client, requested: Refund
) -> None:
    client = clerk(client, "view_order", "view_payment")
    assert client.get(REFUNDS).status_code == 403
    assert client.get(url(requested, "change")).status_code == 403
    for path in (
        "/admin/orders/order/",
        f"/admin/orders/order/{requested.order_id}/change/",
        f"/admin/orders/payment/{requested.payment_id}/change/",
    ):
        text = page(client, path)
        assert REFUNDS not in text
        assert requested.refund_no not in text
        assert "杯子碎了" not in text
