"""What WeChat is told of a refund, and what each of its answers becomes."""

import json
from decimal import Decimal
from secrets import token_hex

import pytest

from conftest import wait_until
from shop.wechat import pay
from shop.wechat.errors import WeChatRefused, WeChatUnavailable

ACCEPTED = {
    "refund_id": "50000000382019052709732678859",
    "out_refund_no": "R1",
    "transaction_id": "4200001",
    "status": "PROCESSING",
    "amount": {"refund": 1250, "total": 9900, "currency": "CNY"},
}
PATH = "/v3/refund/domestic/refunds"


def refund(**changes):
    """Ask for a part of a payment."""
    asked = {
        "out_refund_no": "R1",
        "transaction_id": "4200001",
        "reason": "不想要了",
        "amount": Decimal("12.50"),
        "total": Decimal("99.00"),
    }
    return pay.refund(**asked | changes)


def query():
    return pay.refund_query("R1")


@pytest.mark.usefixtures("wechat_pay")
def test_refund_is_asked_for_in_fen_with_a_notify_url_of_its_own(wechat, say, settings):
    settings.PUBLIC_URL = "https://shop.example"
    say(ACCEPTED)
    assert refund() == ACCEPTED
    assert wechat.asked == [PATH]
    assert json.loads(wechat.sent[0]) == {
        "out_refund_no": "R1",
        "transaction_id": "4200001",
        "reason": "不想要了",
        "amount": {"refund": 1250, "total": 9900, "currency": "CNY"},
        "notify_url": "https://shop.example/api/payments/wechat/refund-notify",
    }


@pytest.mark.usefixtures("wechat_pay")
def test_long_reason_is_cut_to_what_wechat_takes(wechat, say):
    say(ACCEPTED)
    refund(reason="长" * 80 + "了")
    assert json.loads(wechat.sent[0])["reason"] == "长" * 80


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize("status", ["PROCESSING", "SUCCESS", "CLOSED", "ABNORMAL"])
def test_query_returns_the_facts(wechat, say, status):
    say(ACCEPTED | {"status": status})
    assert query() == ACCEPTED | {"status": status}
    assert wechat.asked == [f"{PATH}/R1"]


@pytest.mark.usefixtures("wechat_pay")
def test_refund_that_wechat_does_not_know(say):
    say({"code": "RESOURCE_NOT_EXISTS", "message": "退款单不存在"}, 404)
    assert query() is None


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize("ask", [refund, query])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "FREQUENCY_LIMITED"),
        (403, "FREQUENCY_LIMITED"),
        (429, "RATELIMIT_EXCEEDED"),
        (500, "SYSTEM_ERROR"),
        (400, "BIZERR_NEED_RETRY"),
        (502, "ANYTHING"),
        (401, "SIGN_ERROR"),
    ],
)
def test_what_passes_by_itself_is_to_be_asked_again(say, ask, status, code):
    say({"code": code, "message": "请稍后再试"}, status)
    with pytest.raises(WeChatUnavailable):
        ask()


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "PARAM_ERROR"),
        (400, "INVALID_REQUEST"),
        (403, "NOT_ENOUGH"),
        (403, "USER_ACCOUNT_ABNORMAL"),
        (404, "RESOURCE_NOT_EXISTS"),
    ],
)
def test_refusal_says_why_to_us_alone(say, caplog, status, code):
    say({"code": code, "message": "WeChat's own words"}, status)
    with pytest.raises(WeChatRefused) as caught:
        refund()
    assert caught.value.wechat_code == code
    assert (caught.value.message, caught.value.facts) == (
        "微信服务异常,请稍后再试",
        {},
    )
    # Others may be at work beside: a server of an earlier test.
    told = [one for one in caplog.records if one.name == "shop.wechat.pay.gateway"]
    assert [record.levelname for record in told] == ["ERROR"]
    assert code in caplog.text
    assert "own words" not in caplog.text


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize("code", [["NOT_ENOUGH"], {}, "", "A\x00B", "X" * 65])
def test_refusal_with_a_code_that_is_none(say, code):
    """It goes into columns that take neither a NUL nor any length."""
    say({"code": code}, 400)
    with pytest.raises(WeChatRefused) as caught:
        refund()
    assert caught.value.wechat_code == ""


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize("code", [None, 7])
def test_refusal_with_a_code_that_is_no_text(say, code):
    say({"code": code}, 400)
    with pytest.raises(WeChatRefused):
        refund()


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize("ask", [refund, query])
@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        ACCEPTED | {"out_refund_no": "R2"},
        ACCEPTED | {"status": None},
        {"refund_id": "1", "out_refund_no": "R1"},
    ],
)
def test_answer_that_tells_nothing_of_this_refund_leaves_it_open(say, ask, answer):
    say(answer)
    with pytest.raises(WeChatUnavailable):
        ask()


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize("ask", [refund, query])
def test_unsigned_answer_is_not_believed(wechat, say, ask):
    wechat.sign = None
    say(ACCEPTED)
    with pytest.raises(WeChatUnavailable):
        ask()


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize("body", [b"<html>", b"[" * 50_000, b""])
def test_page_of_a_proxy_is_no_answer(wechat, body):
    wechat.body, wechat.status = body, 404
    with pytest.raises(WeChatUnavailable):
        query()


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize("number", ["", "R1/../x", "R1?mchid=2", "R 1", "R1\n", "单"])
@pytest.mark.parametrize(
    "ask",
    [
        pay.query,
        pay.close,
        pay.refund_query,
        lambda number: refund(out_refund_no=number),
    ],
)
def test_number_that_leads_elsewhere_is_never_sent(wechat, ask, number):
    with pytest.raises(ValueError, match="no number that WeChat takes"):
        ask(number)
    assert wechat.asked == []


@pytest.mark.usefixtures("wechat_pay")
def test_each_sign_that_wechat_allows_in_a_number(wechat, say):
    say(ACCEPTED | {"out_refund_no": "aZ09_|*@-"})
    assert pay.refund_query("aZ09_|*@-")["status"] == "PROCESSING"


@pytest.fixture
def paid(simulator, prepay):
    """Return the transaction_id of a payment of 0.02."""
    number = token_hex(12)
    prepay(number)
    return simulator.pay(number)


def part_of(transaction_id):
    return {
        "out_refund_no": f"{transaction_id}R1",
        "transaction_id": transaction_id,
        "amount": Decimal("0.01"),
        "total": Decimal("0.02"),
    }


def test_refund_whose_answer_was_lost_is_made_once(simulator, paid):
    asked = part_of(paid)
    simulator.fault("refund", "drop_reply")
    with pytest.raises(WeChatUnavailable):
        refund(**asked)
    facts = refund(**asked)
    assert facts["out_refund_no"] == asked["out_refund_no"]
    assert pay.refund_query(asked["out_refund_no"])["refund_id"] == facts["refund_id"]
    refunds = [
        each
        for each in simulator.state()["refunds"]
        if each["outRefundNo"] == asked["out_refund_no"]
    ]
    assert [each["refund"] for each in refunds] == [1]


def test_empty_balance_of_the_merchant(simulator, paid):
    simulator.refuse_refunds("NOT_ENOUGH", 403)
    with pytest.raises(WeChatRefused) as caught:
        refund(**part_of(paid))
    assert caught.value.wechat_code == "NOT_ENOUGH"
    assert pay.refund_query(f"{paid}R1") is None


def test_refund_notification_is_read_as_a_payments_is(
    simulator, paid, wechat, settings
):
    settings.PUBLIC_URL = settings.WECHAT_API_BASE
    settings.WECHAT_API_BASE = simulator.base_url
    refund(**part_of(paid))
    wait_until(lambda: wechat.asked)
    assert wechat.asked == ["/api/payments/wechat/refund-notify"]
    notification = pay.notification_read(wechat.sent_headers, wechat.sent[-1])
    assert notification["event_type"] == "REFUND.SUCCESS"
    facts = notification["resource"]
    assert facts["out_refund_no"] == f"{paid}R1"
    assert facts["amount"]["refund"] == 1
