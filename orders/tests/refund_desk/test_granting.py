"""What staff grant at the desk: less for a line, in pairs, and within a day's cap."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Refund
from orders.services.refunds import refund_by_staff
from orders.tests.conftest import clerk, line, page, paid_order
from orders.tests.order_actions.pages import refusals, told
from orders.tests.order_actions.pages import url as order_url
from orders.tests.refund_desk.pages import (
    REFUNDS,
    books,
    found,
    offered,
    request,
    url,
)
from orders.tests.refunding import priced_order, ship
from orders.tests.test_admin_order_refunds import form

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """Three teas at 99.00, a cup at 25.50 and 12.00 of freight: 334.50, shipped."""
    lines = (line(tea, 3), line(cup))
    order = priced_order(shopper_api, *lines, freight="12.00", discount="0.00")
    ship(order)
    return order


@pytest.fixture
def two_people(settings: Any) -> None:
    settings.REFUND_TWO_PERSON_ABOVE = Decimal("100.00")


@pytest.fixture
def agreed(order: Order, desk: Client, two_people: None) -> Refund:
    """A request for all, of which the boss grants 200.00."""
    refund = request(order)
    tea, cup = order.items.values_list("pk", flat=True)
    answered = desk.post(
        url(refund, "approve"),
        {
            "answer": "商量过的",
            f"amount_{tea}": "180.00",
            f"amount_{cup}": "20.00",
            "freight": "0",
        },
    )
    assert told(answered) == ["已同意退款¥200.00,等第二人审批"]
    return Refund.objects.get(pk=refund.pk)


@pytest.fixture
def second(db: None) -> Client:
    """A clerk who may answer requests."""
    return clerk(Client(), "view_refund", "answer_refund")


def test_page_shows_the_most_of_each_line_and_less_is_granted(
    desk: Client, order: Order
) -> None:
    refund = request(order)
    tea, cup = order.items.values_list("pk", flat=True)
    text = page(desk, url(refund, "approve"))
    for fact in (
        *("龙井茶 × 3(元)", "最多¥297.00", "茶杯 × 1(元)", "最多¥25.50"),
        *("运费(元)", "最多¥12.00", f'name="amount_{tea}" value="297.00"'),
    ):
        assert fact in text, fact
    before = books()
    sent = {"answer": "", f"amount_{tea}": "297.01", f"amount_{cup}": "-1"}
    assert refusals(desk.post(url(refund, "approve"), sent)) == [
        *("最多可退¥297.00", "确保该值大于或等于0.00。"),
    ]
    nothing = {"answer": "", f"amount_{tea}": "0", f"amount_{cup}": "0", "freight": "0"}
    assert refusals(desk.post(url(refund, "approve"), nothing)) == [
        "退款金额不能少于0.01元"
    ]
    assert books() == before
    sent = {"answer": "", f"amount_{tea}": "200", f"amount_{cup}": "", "freight": "2"}
    answered = desk.post(url(refund, "approve"), sent)
    assert told(answered) == ["已同意退款¥227.50,正在提交微信"]
    text = page(desk, url(refund, "change"))
    for fact in ("¥227.50,申请¥334.50", "¥107.00,以后不再退", "¥297.00", "¥200.00"):
        assert fact in text, fact


def test_what_has_not_left_is_granted_whole(
    shopper_api: APIClient, desk: Client, tea: Product
) -> None:
    refund = request(paid_order(shopper_api, line(tea)))
    text = page(desk, url(refund, "approve"))
    assert "未发货,全额退" in text
    field = f"amount_{refund.items.get().order_item_id}"
    answered = desk.post(url(refund, "approve"), {"answer": "", field: "1"})
    assert told(answered) == ["已同意退款¥99.00,正在提交微信"]


def test_first_person_sees_that_somebody_else_must_agree(
    desk: Client, agreed: Refund
) -> None:
    assert offered(desk, agreed) == {"reject", "send_back"}
    assert "boss已同意,等第二人审批" in page(desk, url(agreed, "change"))
    assert found(desk, state="agreed") == [agreed.pk]
    assert "待第二人审批" in page(desk, REFUNDS)
    # A second tab of the first person's.
    before = books()
    sent = {"agreed_at": agreed.agreed_at.isoformat(" ")} if agreed.agreed_at else {}
    answer = desk.post(url(agreed, "confirm"), sent)
    assert refusals(answer) == ["您已同意过,需要另一位员工审批"]
    answer = desk.post(url(agreed, "approve"), {"answer": ""})
    assert told(answer) == ["退款单待第二人审批,不能这样做"]
    assert books() == before


def test_second_person_sees_what_was_decided_and_grants_exactly_that(
    agreed: Refund, second: Client
) -> None:
    assert offered(second, agreed) == {"confirm", "reject", "send_back"}
    answer = second.get(url(agreed, "confirm"))
    text = answer.content.decode()
    for fact in (
        *("龙井茶 × 3", "¥180.00", "¥20.00", "¥200.00,申请¥334.50"),
        *("商量过的", "boss", "杯子碎了"),
    ):
        assert fact in text, fact
    seen = answer.context["form"]["agreed_at"].value()
    granted = second.post(url(agreed, "confirm"), {"agreed_at": str(seen)})
    assert told(granted) == ["已审批通过,退款¥200.00正在提交微信"]
    agreed.refresh_from_db()
    assert (agreed.state, agreed.amount) == ("approved", Decimal("200.00"))
    text = page(second, url(agreed, "change"))
    for fact in ("第一人同意", "同意退款", "boss", "clerk", "商量过的"):
        assert fact in text, fact


def test_second_person_sends_back_what_is_then_answered_anew(
    agreed: Refund, desk: Client, second: Client
) -> None:
    before = books()
    assert refusals(second.post(url(agreed, "send_back"), {"note": ""})) == [
        "处理说明不能为空"
    ]
    assert books() == before
    sent = second.post(url(agreed, "send_back"), {"note": "再核对"})
    assert told(sent) == ["已退回重审,第一人的同意作废"]
    agreed.refresh_from_db()
    assert (agreed.is_agreed, agreed.amount) == (False, Decimal("334.50"))
    assert offered(desk, agreed) == {"approve", "reject"}
    assert "退回重审" in page(desk, url(agreed, "change"))


def test_second_person_rejects_with_a_reason(agreed: Refund, second: Client) -> None:
    sent = second.post(url(agreed, "reject"), {"answer": "照片不符"})
    assert told(sent) == ["已拒绝退款,买家会看到答复"]
    agreed.refresh_from_db()
    assert (agreed.state, agreed.answer) == ("rejected", "照片不符")


def test_what_staff_began_is_granted_by_who_may_refund(
    desk: Client, second: Client, order: Order, staff: User, two_people: None
) -> None:
    sent = desk.post(order_url(order, "refund"), form(order, 2, 0))
    refund = Refund.objects.get()
    assert told(sent) == [f"退款{refund}共¥198.00,等第二人审批"]
    # Answering a shopper's requests is another right.
    assert offered(second, refund) == set()
    assert second.get(url(refund, "confirm")).status_code == 403
    User.objects.filter(username="clerk").delete()
    cashier = clerk(Client(), "view_refund", "refund_order")
    assert offered(cashier, refund) == {"confirm", "reject"}
    text = cashier.get(url(refund, "confirm"))
    seen = text.context["form"]["agreed_at"].value()
    cashier.post(url(refund, "confirm"), {"agreed_at": str(seen)})
    refund.refresh_from_db()
    assert refund.state == "approved"


def test_a_line_is_given_less_and_a_line_is_compensated(
    desk: Client, order: Order
) -> None:
    tea, cup = order.items.values_list("pk", flat=True)
    text = page(desk, order_url(order, "refund"))
    for fact in ("退多少钱(元)", "退多少运费(元)", "最多¥12.00", "件数填0,只填金额"):
        assert fact in text, fact
    amounts = {f"amount_{tea}": "150", f"amount_{cup}": "5.5"}
    desk.post(order_url(order, "refund"), form(order, 2, 0, **amounts))
    refund = Refund.objects.get()
    assert (refund.amount, refund.kept_amount) == (Decimal("155.50"), Decimal("48.00"))
    pieces = refund.items.values_list("quantity", "amount", "kept_amount")
    assert list(pieces) == [
        (2, Decimal("150.00"), Decimal("48.00")),
        (0, Decimal("5.50"), Decimal("0.00")),
    ]
    text = page(desk, url(refund, "change"))
    assert "补偿" in text
    text = page(desk, order_url(order, "refund"))
    for fact in ("¥155.50", "¥48.00,不再退", "¥131.00", "可退1件,共¥20.00"):
        assert fact in text, fact


def test_cap_of_the_day_is_told_on_the_page(
    desk: Client, order: Order, settings: Any
) -> None:
    settings.REFUND_DAY_CAP = Decimal("300.00")
    before = books()
    answer = desk.post(order_url(order, "refund"), form(order, 3, 1))
    assert refusals(answer) == ["超过每日退款上限¥300.00,今天还可退¥300.00"]
    assert books() == before


def test_list_tells_what_was_asked_for_why_whose_turn_it_is_and_for_how_long(
    desk: Client, second: Client, agreed: Refund, shopper_api: APIClient, cup: Product
) -> None:
    waiting = request(paid_order(shopper_api, line(cup)))
    text = page(desk, REFUNDS)
    for fact in (
        *("张三", "¥200.00,申请¥334.50", "杯子碎了", "boss已同意,等第二人审批"),
        *(waiting.refund_no, "等客服处理,已等不到1分钟", "¥25.50"),
    ):
        assert fact in text.replace("\xa0", " "), fact
    text = page(second, REFUNDS)
    assert "张三" not in text
    assert "张**" in text
    assert "张三" not in page(second, url(agreed, "change"))


def test_pages_of_two_people_cost_few_statements(
    second: Client, agreed: Refund, order: Order, staff: User
) -> None:
    for name in ("change", "confirm", "send_back", "reject"):
        page(second, url(agreed, name))
        with CaptureQueriesContext(connection) as queries:
            page(second, url(agreed, name))
        assert len(queries) <= 15, name


def test_page_of_what_goes_back_costs_few_statements(
    desk: Client, order: Order, staff: User, shopper_api: APIClient, tea: Product
) -> None:
    def statements(of: Order) -> int:
        page(desk, order_url(of, "refund"))
        with CaptureQueriesContext(connection) as queries:
            page(desk, order_url(of, "refund"))
        return len(queries)

    few = statements(paid_order(shopper_api, line(tea)))
    first = order.items.earliest("pk")
    for _ in range(2):
        refund_by_staff(
            order_id=order.pk,
            operator_id=staff.pk,
            reason="破损",
            quantities={first.pk: 1},
        )
    assert statements(order) == few <= 15
