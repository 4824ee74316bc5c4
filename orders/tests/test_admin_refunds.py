"""Refunds in the admin: what waits is found, read, and done something about."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Upload, User
from catalog.models import Product
from orders.models import Order, Payment, Refund, RefundEvent, RefundState
from orders.services.closing import order_cancel
from orders.services.fulfilment import order_ship
from orders.services.refunds import (
    refund_query,
    refund_reject,
    refund_request,
    refund_send,
)
from orders.services.refunds.settling import refund_refuse
from orders.tests.conftest import clerk, line, page, paid_order, stock_of
from orders.tests.test_admin_order_actions import refusals, told
from shop.devstack.simulator.process import SimulatorProcess

REFUNDS = "/admin/orders/refund/"
PICTURE = f"uploads/202601/{'0' * 32}.jpg"
ACTIONS = ("approve", "reject", "retry", "query", "by_hand")
OFFERED = {
    "requested": {"approve", "reject"},
    "approved": {"query"},
    "processing": {"query"},
    "succeeded": set(),
    "failed": {"retry", "query", "by_hand"},
    "rejected": set(),
    "withdrawn": set(),
}


def url(refund: Refund, name: str) -> str:
    return f"{REFUNDS}{refund.pk}/{name}/"


def found(client: Client, **query: Any) -> list[int]:
    changelist = client.get(REFUNDS, query).context["cl"]
    return [row.pk for row in changelist.result_list]


def offered(client: Client, refund: Refund) -> set[str]:
    text = page(client, url(refund, "change"))
    return {name for name in ACTIONS if f'href="{url(refund, name)}"' in text}


def books() -> tuple[Any, ...]:
    """Read all that an answer writes."""
    return (
        list(Refund.objects.order_by("pk").values()),
        list(RefundEvent.objects.order_by("pk").values()),
        list(Order.objects.order_by("pk").values()),
        list(Payment.objects.order_by("pk").values()),
        list(Product.objects.order_by("pk").values("sales")),
    )


def request(order: Order, quantities: dict[int, int] | None = None) -> Refund:
    Upload.objects.get_or_create(file=PICTURE, user_id=order.user_id)
    return refund_request(
        order_no=order.order_no,
        user_id=order.user_id,
        reason="杯子碎了",
        quantities=quantities,
        images=[PICTURE],
    )


def sales(product: Product) -> int:
    return Product.objects.get(pk=product.pk).sales


@pytest.fixture
def in_each_state(shopper_api: APIClient, tea: Product) -> dict[str, Refund]:
    """A refund in each state, oldest first."""
    refunds = {}
    for state in RefundState:
        refund = request(paid_order(shopper_api, line(tea)))
        row = Refund.objects.filter(pk=refund.pk)
        row.update(state=state, accepted_at=timezone.now())
        refunds[state.value] = Refund.objects.get(pk=refund.pk)
    return refunds


@pytest.fixture
def requested(shopper_api: APIClient, tea: Product, cup: Product) -> Refund:
    """Two of three teas, of which one has left, and the cup, which has too."""
    order = paid_order(shopper_api, line(tea, 3), line(cup))
    of_tea, of_cup = order.items.values_list("pk", flat=True)
    order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no="SF1",
        operator_id=None,
        quantities={of_tea: 1, of_cup: 1},
    )
    return request(order, {of_tea: 2, of_cup: 1})


def test_list_opens_with_what_waits_for_staff(
    desk: Client, in_each_state: dict[str, Refund]
) -> None:
    pks = {state: refund.pk for state, refund in in_each_state.items()}
    assert found(desk) == [pks["failed"], pks["requested"]]
    assert found(desk, state="all") == sorted(pks.values(), reverse=True)
    for state in RefundState:
        assert found(desk, state=state.value) == [pks[state.value]]
    refund = in_each_state["succeeded"]
    text = page(desk, f"{REFUNDS}?state=succeeded")
    for fact in (
        *(refund.refund_no, refund.order.order_no, "售后", "已退款", "¥99.00"),
        *("退款单号", "订单", "类型", "状态", "金额", "申请时间", "待办", "全部"),
    ):
        assert fact in text, fact


def test_search_looks_through_all_states(
    desk: Client, in_each_state: dict[str, Refund]
) -> None:
    refund = in_each_state["withdrawn"]
    for word in (
        *(refund.refund_no, refund.refund_no[:20].lower(), refund.out_refund_no),
        *(refund.order.order_no, refund.order.order_no[:20]),
        # WeChat's number of a later try.
        f" {refund.refund_no}T02 ",
    ):
        assert found(desk, q=word) == [refund.pk], word
    assert found(desk, q=refund.order.order_no, state="failed") == []
    assert found(desk, q=refund.refund_no[3:]) == []
    # What waits ends the search, which would hide it.
    text = page(desk, f"{REFUNDS}?q={refund.refund_no}&kind__exact=after_sale")
    assert '<a href="?kind__exact=after_sale"' in text


def test_what_waits_and_what_is_searched_has_an_index(
    desk: Client, in_each_state: dict[str, Refund]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    waiting = Refund.objects.waiting()
    assert "refund_unfinished" in waiting.order_by("-pk").explain()
    by_number = Refund.objects.having_word("R2601").explain()
    assert re.search("Index.* using .*refund_no", by_number), by_number
    by_order = Refund.objects.having_word("2601").explain()
    assert re.search("Index.* using .*order_no", by_order), by_order


def badge(client: Client) -> str:
    """Return what the sidebar says from the refunds' link to the next one."""
    link = page(client, REFUNDS).partition(f'href="{REFUNDS}"')[2]
    return link.partition("</a>")[0]


def test_badge_counts_what_waits(
    desk: Client, in_each_state: dict[str, Refund]
) -> None:
    assert '-red-400">2</span>' in badge(desk)
    Refund.objects.waiting().update(state="rejected")
    assert "-red-400" not in badge(desk)


def test_page_tells_everything(desk: Client, requested: Refund, staff: User) -> None:
    text = page(desk, url(requested, "change"))
    order, payment = requested.order, requested.payment
    for fact in (
        *(requested.refund_no, requested.out_refund_no, "售后", "待处理", "¥223.50"),
        *("杯子碎了", PICTURE, "申请退款", "shopper", "退款商品", "¥198.00", "¥25.50"),
        f'/admin/orders/order/{order.pk}/change/" class="text-primary-600',
        f'/admin/orders/payment/{payment.pk}/change/" class="text-primary-600',
    ):
        assert fact in text, fact
    text = page(desk, url(requested, "approve"))
    assert "龙井茶 × 2;茶杯 × 1,其中1件已发" in text
    refund_reject(refund_id=requested.pk, operator_id=staff.pk, answer="已过期")
    text = page(desk, url(requested, "change"))
    for fact in ("已拒绝", "拒绝退款", "已过期", "boss"):
        assert fact in text, fact


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("ABNORMAL", "退款异常,请到微信商户平台处理,系统会自动查询结果"),
        ("CLOSED", "微信已关闭这次退款,可以重新退款"),
        ("NOT_ENOUGH", "NOT_ENOUGH"),
    ],
)
def test_page_says_what_to_do_about_a_failure(
    desk: Client, in_each_state: dict[str, Refund], error: str, advice: str
) -> None:
    refund = in_each_state["failed"]
    Refund.objects.filter(pk=refund.pk).update(wechat_error=error)
    assert advice in page(desk, url(refund, "change"))


def test_readers_without_payments_see_no_payment_data(
    client: Client, requested: Refund
) -> None:
    facts = {"transaction_id": "4200000099"}
    Refund.objects.filter(pk=requested.pk).update(facts=facts)
    client = clerk(client, "view_refund", "view_order", "answer_refund")
    for text in (
        page(client, url(requested, "change")),
        page(client, url(requested, "approve")),
        page(client, f"/admin/orders/order/{requested.order_id}/change/"),
    ):
        assert requested.refund_no in text
        assert "4200000099" not in text
        assert requested.payment.out_trade_no not in text


@pytest.mark.parametrize("state", list(OFFERED))
def test_buttons_and_pages_are_those_of_the_state(
    desk: Client, in_each_state: dict[str, Refund], state: str
) -> None:
    """A twin was faster, or WeChat was, since a page was opened: that is told."""
    refund = in_each_state[state]
    assert offered(desk, refund) == OFFERED[state]
    before = books()
    for action in set(ACTIONS) - OFFERED[state]:
        for response in (
            desk.get(url(refund, action)),
            desk.post(url(refund, action), {"answer": "好"}),
        ):
            assert response.headers["Location"] == url(refund, "change")
            label = RefundState(state).label
            assert told(response)[0] == f"退款单{label},不能这样做"
    assert books() == before


def test_pages_of_no_refund_lead_back(desk: Client) -> None:
    for action in ACTIONS:
        response = desk.get(f"{REFUNDS}999/{action}/", follow=True)
        assert "退款单不存在,不能这样做" in response.content.decode()


@pytest.mark.parametrize(
    ("permissions", "actions"),
    [
        (("view_refund",), set()),
        (("view_refund", "change_refund"), set()),
        (("view_refund", "answer_refund"), {"approve", "reject"}),
        (("view_refund", "retry_refund"), {"retry", "query", "by_hand"}),
        (("view_order", "answer_refund", "retry_refund"), set()),
    ],
)
def test_each_permission_opens_its_own(
    client: Client,
    in_each_state: dict[str, Refund],
    permissions: tuple[str, ...],
    actions: set[str],
) -> None:
    client = clerk(client, *permissions)
    before = books()
    for state, refund in in_each_state.items():
        if "view_refund" in permissions:
            assert offered(client, refund) == OFFERED[state] & actions
        for action in OFFERED[state]:
            expected = 200 if action in actions else 403
            assert client.get(url(refund, action)).status_code == expected
            if expected == 403:
                posted = client.post(url(refund, action), {"answer": "好"})
                assert posted.status_code == 403
    assert books() == before


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


def test_looking_does_nothing_and_neither_does_a_foreign_page(
    desk: Client, staff: User, in_each_state: dict[str, Refund]
) -> None:
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(staff)
    before = books()
    for state, actions in OFFERED.items():
        for action in actions:
            page(desk, url(in_each_state[state], action))
            sent = forged.post(url(in_each_state[state], action), {"answer": "好"})
            assert sent.status_code == 403
    assert books() == before


def test_nothing_is_edited_by_hand(desk: Client, requested: Refund) -> None:
    before = books()
    for path in ("change", "delete"):
        sent = {"state": "approved", "amount": "1.00", "post": "yes"}
        assert desk.post(url(requested, path), sent).status_code == 403
    assert desk.get(f"{REFUNDS}add/").status_code == 403
    assert books() == before


def test_statements_do_not_grow(
    desk: Client, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    def statements(path: str) -> int:
        page(desk, path)  # Once, to fill Django's cache of content types.
        with CaptureQueriesContext(connection) as queries:
            page(desk, path)
        assert len(queries) <= 20, path
        return len(queries)

    def counts(refund: Refund) -> list[int]:
        payment = f"/admin/orders/payment/{refund.payment_id}/change/"
        order = f"/admin/orders/order/{refund.order_id}/change/"
        pages = [url(refund, name) for name in ("change", "approve", "reject")]
        found = f"{REFUNDS}?q={refund.refund_no[:5]}"
        return [statements(path) for path in (REFUNDS, found, *pages, payment, order)]

    few = counts(request(paid_order(shopper_api, line(tea))))
    order = paid_order(shopper_api, line(tea, 2), line(cup, 2))
    for refund in (request(paid_order(shopper_api, line(tea))) for _ in range(2)):
        refund_reject(refund_id=refund.pk, operator_id=order.user_id, answer="不行")
    first, second = order.items.values_list("pk", flat=True)
    for _ in range(2):
        rejected = request(order, {first: 1, second: 1})
        refund_reject(refund_id=rejected.pk, operator_id=order.user_id, answer="不行")
    assert counts(request(order)) == few


# --- What is done, with WeChat at the other end --------------------------------------


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
