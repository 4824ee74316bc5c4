"""What waits is found and read, by those who may."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Refund, RefundState
from orders.services.refunds import (
    refund_reject,
)
from orders.tests.conftest import clerk, line, page, paid_order
from orders.tests.order_actions.pages import told
from orders.tests.refund_desk.pages import (
    ACTIONS,
    OFFERED,
    PICTURE,
    REFUNDS,
    books,
    found,
    offered,
    request,
    url,
)


def test_list_opens_with_what_waits_for_staff(
    desk: Client, in_each_state: dict[str, Refund]
) -> None:
    pks = {state: refund.pk for state, refund in in_each_state.items()}
    assert found(desk) == [pks["failed"], pks["returning"], pks["requested"]]
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
    assert "refund_open" in waiting.order_by("-pk").explain()
    by_number = Refund.objects.having_word("R2601").explain()
    assert re.search("Index.* (using|on) .*refund_no", by_number), by_number
    by_order = Refund.objects.having_word("2601").explain()
    assert re.search("Index.* (using|on) .*order_no", by_order), by_order


def badge(client: Client) -> str:
    """Return what the sidebar says from the refunds' link to the next one."""
    link = page(client, REFUNDS).partition(f'href="{REFUNDS}"')[2]
    return link.partition("</a>")[0]


def test_badge_counts_what_waits(
    desk: Client, in_each_state: dict[str, Refund]
) -> None:
    assert '-red-400">3</span>' in badge(desk)
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
    desk: Client, in_state: Callable[[str], Refund], error: str, advice: str
) -> None:
    refund = in_state("failed")
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
    desk: Client, in_state: Callable[[str], Refund], state: str
) -> None:
    """A twin was faster, or WeChat was, since a page was opened: that is told."""
    refund = in_state(state)
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
        (("view_refund", "answer_refund"), {"approve", "receive", "reject"}),
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
        # The page of an order tells of all that belongs to it.
        assert len(queries) <= (20 if "/order/" in path else 15), path
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
