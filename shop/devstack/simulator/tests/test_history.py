"""POST /_sim/history: payments of the past, as a demo has them."""

import pytest

PAID_AT = "2026-03-10T12:00:00+08:00"
PAST = {
    "outTradeNo": "260310PAST0001",
    "transactionId": "42000000000001",
    "openid": "demo-1",
    "total": 9900,
    "paidAt": PAID_AT,
}


def entered(wechat, *payments):
    return wechat.call("POST", "/_sim/history", {"payments": list(payments)})


def test_it_is_known_as_paid_then_and_once(wechat, merchant):
    assert entered(wechat, PAST).status_code == 200
    assert entered(wechat, {**PAST, "total": 1}).status_code == 200
    facts = merchant.query(PAST["outTradeNo"]).json()
    assert (facts["trade_state"], facts["success_time"]) == ("SUCCESS", PAID_AT)
    assert facts["transaction_id"] == PAST["transactionId"]
    assert facts["amount"]["total"] == 9900
    assert wechat.payment(PAST["outTradeNo"])["prepayId"]
    again = wechat.call("POST", "/_sim/pay", {"outTradeNo": PAST["outTradeNo"]})
    assert again.status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [{"paidAt": "x"}, {"paidAt": None}, {"total": "x"}, {"total": None}],
)
def test_what_is_no_payment_enters_nothing(wechat, wrong):
    first = {**PAST, "outTradeNo": "260310PAST0002", "transactionId": "421"}
    second = {**first, "outTradeNo": "260310PAST0003", **wrong}
    assert entered(wechat, first, second).status_code == 400
    known = {one["outTradeNo"] for one in wechat.state()["payments"]}
    assert not known & {"260310PAST0002", "260310PAST0003"}


@pytest.mark.parametrize("body", [{}, {"payments": 7}, {"payments": [7]}, []])
def test_a_body_that_is_no_list_of_payments(wechat, body):
    assert wechat.call("POST", "/_sim/history", body).status_code == 400
