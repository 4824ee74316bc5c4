import re

import pytest

from .merchant import in_seconds, refusal


def test_query_before_payment(merchant):
    number = merchant.placed(attach="order 7")
    answer = merchant.query(number)
    assert answer.status_code == 200
    assert answer.json() == {
        "appid": merchant.world["appid"],
        "mchid": merchant.world["mchid"],
        "out_trade_no": number,
        "attach": "order 7",
        "trade_state": "NOTPAY",
        "trade_state_desc": "订单未支付",
        "payer": {},
        "amount": {"total": 9900, "currency": "CNY"},
    }


def test_query_after_payment(wechat, merchant):
    number = merchant.placed()
    transaction_id = wechat.pay(number)
    facts = merchant.query(number).json()
    stamp = facts.pop("success_time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", stamp)
    assert re.fullmatch(r"4200\d{24}", transaction_id)
    assert facts == {
        "appid": merchant.world["appid"],
        "mchid": merchant.world["mchid"],
        "out_trade_no": number,
        "attach": "",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "transaction_id": transaction_id,
        "trade_type": "JSAPI",
        "bank_type": "OTHERS",
        "payer": {"openid": merchant.login("sim-buyer").json()["openid"]},
        "amount": {
            "total": 9900,
            "payer_total": 9900,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


def test_close_answers_an_empty_204_and_the_query_says_closed(merchant):
    number = merchant.placed()
    answer = merchant.close(number)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not {"Content-Type", "Content-Length"} & set(answer.headers)
    assert merchant.query(number).json()["trade_state"] == "CLOSED"
    assert refusal(merchant.close(number)) == (400, "ORDER_CLOSED")


def test_a_paid_one_cannot_be_closed(wechat, merchant):
    number = merchant.placed()
    wechat.pay(number)
    assert refusal(merchant.close(number)) == (400, "ORDERPAID")
    assert merchant.query(number).json()["trade_state"] == "SUCCESS"


def test_wechat_does_not_close_at_expiry_by_itself(wechat, merchant):
    number = merchant.placed(time_expire=in_seconds(100))
    wechat.shift_clock(110)
    merchant.signed_at(110)
    assert merchant.query(number).json()["trade_state"] == "NOTPAY"
    assert merchant.close(number).status_code == 204


@pytest.mark.parametrize("action", ["query", "close"])
def test_an_unknown_number(merchant, action):
    assert refusal(getattr(merchant, action)("never-made-1")) == (
        (404, "ORDER_NOT_EXIST")
    )


@pytest.mark.parametrize(
    ("mchid", "expected"), [("", "PARAM_ERROR"), ("1600000000", "MCH_NOT_EXISTS")]
)
def test_the_merchant_must_be_named_rightly(merchant, mchid, expected):
    number = merchant.placed()
    target = f"/v3/pay/transactions/out-trade-no/{number}"
    query = merchant.send("GET", f"{target}?mchid={mchid}")
    close = merchant.send("POST", f"{target}/close", {"mchid": mchid})
    assert refusal(query) == refusal(close) == (400, expected)
    assert merchant.query(number).json()["trade_state"] == "NOTPAY"
