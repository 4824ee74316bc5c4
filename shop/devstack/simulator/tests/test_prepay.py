import json
import re

import pytest

from .merchant import in_seconds, refusal

PARAM_ERROR = (400, "PARAM_ERROR")


def test_prepay_id_and_the_payment_in_the_state(wechat, merchant):
    body = merchant.order()
    answer = merchant.prepay(body)
    assert answer.status_code == 200
    assert re.fullmatch(r"wx[0-9a-f]{34}", answer.json()["prepay_id"])
    assert wechat.payment(body["out_trade_no"]) == {
        "outTradeNo": body["out_trade_no"],
        "prepayId": answer.json()["prepay_id"],
        "transactionId": None,
        "tradeState": "NOTPAY",
        "total": 9900,
        "openid": body["payer"]["openid"],
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": {"total": 0, "currency": "CNY"}},
        {"amount": {"total": -1, "currency": "CNY"}},
        {"amount": {"total": "100", "currency": "CNY"}},
        {"amount": {"total": 1.0, "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": 2**31, "currency": "CNY"}},
        {"amount": {"total": 100, "currency": "USD"}},
        {"amount": {"currency": "CNY"}},
        {"amount": 100},
        {"amount": None},
        {"payer": None},
        {"payer": {}},
        {"payer": {"openid": "oNobodyHasEverLoggedInAsThis"}},
        {"description": None},
        {"description": ""},
        {"description": "咖" * 128},
        {"description": 7},
        {"attach": "a" * 129},
        {"out_trade_no": None},
        {"out_trade_no": "12345"},
        {"out_trade_no": "1" * 33},
        {"out_trade_no": "with space 1"},
        {"out_trade_no": "订单号一二三四"},
        {"out_trade_no": "123456\n"},
        {"appid": None},
        {"mchid": None},
        {"time_expire": in_seconds(3600)[:-6]},
        {"time_expire": in_seconds(3600).replace("T", " ")},
        {"time_expire": "2026-13-40T10:00:00+08:00"},
        {"time_expire": 1893456000},
        {"notify_url": None},
        {"notify_url": "https://shop.example/notify?a=1"},
        {"notify_url": "https://shop.example/notify#a"},
        {"notify_url": "http://shop.example/notify"},
        {"notify_url": "ftp://127.0.0.1/notify"},
        {"notify_url": "/notify"},
        {"notify_url": "https://[::1/notify"},
        {"notify_url": "https://shop.example/" + "n" * 235},
    ],
)
def test_a_wrong_parameter_is_refused_and_nothing_entered(wechat, merchant, changed):
    body = merchant.order(**changed)
    before = len(wechat.state()["payments"])
    answer = merchant.prepay(body)
    assert refusal(answer) == PARAM_ERROR, answer.text
    assert len(wechat.state()["payments"]) == before


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": {"total": 1, "currency": "CNY"}},
        {"amount": {"total": 100}},
        {"description": "咖" * 127},
        {"attach": "a" * 128},
        {"attach": ""},
        {"time_expire": None},
        {"time_expire": in_seconds(90 * 86400 - 60)},
        {"notify_url": "https://shop.example/" + "n" * 234},
        {"notify_url": "http://localhost:8000/notify"},
        {"notify_url": "http://[::1]:8000/notify"},
    ],
)
def test_what_is_just_allowed(merchant, changed):
    assert merchant.prepay(merchant.order(**changed)).status_code == 200


@pytest.mark.parametrize("seconds", [60, 90 * 86400])
def test_times_that_are_just_allowed(merchant, seconds):
    body = merchant.order(time_expire=in_seconds(seconds))
    assert merchant.prepay(body).status_code == 200


@pytest.mark.parametrize("seconds", [-3600, 0, 54, 90 * 86400 + 60])
def test_times_too_near_or_too_far(merchant, seconds):
    body = merchant.order(time_expire=in_seconds(seconds))
    assert refusal(merchant.prepay(body)) == PARAM_ERROR


def test_all_allowed_characters_of_a_number(wechat, merchant):
    number = f"a-Z_0|*{merchant.order()['out_trade_no']}"[:32]
    assert merchant.prepay(merchant.order(out_trade_no=number)).status_code == 200
    assert wechat.payment(number)["tradeState"] == "NOTPAY"


@pytest.mark.parametrize("field", ["appid", "mchid"])
def test_another_account_is_refused(merchant, field):
    other = {"appid": "wx0000000000000000", "mchid": "1600000000"}[field]
    answer = merchant.prepay(merchant.order(**{field: other}))
    assert refusal(answer) == (400, "APPID_MCHID_NOT_MATCH")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"[" * 50000, b'{"attach": "\\ud800"}', b"\xff"]
)
def test_a_body_that_is_no_object_is_refused(merchant, raw):
    answer = merchant.send("POST", "/v3/pay/transactions/jsapi", raw)
    assert refusal(answer) == PARAM_ERROR


def test_the_content_type_must_be_json(merchant):
    target, raw = "/v3/pay/transactions/jsapi", json.dumps(merchant.order()).encode()
    headers = merchant.headers(merchant.authorization("POST", target, raw))
    del headers["Content-Type"]
    answer = merchant.http.post(
        merchant.base_url + target, data=raw, headers=headers, timeout=60
    )
    assert refusal(answer) == PARAM_ERROR


def test_the_same_parameters_give_a_fresh_prepay_id(wechat, merchant):
    body = merchant.order()
    first, second = (merchant.prepay(body).json()["prepay_id"] for _ in range(2))
    assert first != second
    assert wechat.payment(body["out_trade_no"])["prepayId"] == second
    assert (
        wechat.pay(prepay_id=first)
        == (wechat.payment(body["out_trade_no"])["transactionId"])
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": {"total": 9901, "currency": "CNY"}},
        {"time_expire": in_seconds(7200)},
        {"description": "另一样东西"},
        {"notify_url": "http://127.0.0.1:9/elsewhere"},
        {"attach": "more"},
    ],
)
def test_a_number_used_with_other_parameters_is_refused(wechat, merchant, changed):
    body = merchant.order()
    prepay_id = merchant.prepay(body).json()["prepay_id"]
    answer = merchant.prepay({**body, **changed})
    assert refusal(answer) == (403, "OUT_TRADE_NO_USED")
    assert wechat.payment(body["out_trade_no"])["prepayId"] == prepay_id
    assert wechat.payment(body["out_trade_no"])["total"] == 9900


def test_another_payer_under_the_same_number_is_refused(merchant):
    body = merchant.order()
    merchant.prepay(body)
    other = {"openid": merchant.login("sim-other").json()["openid"]}
    answer = merchant.prepay({**body, "payer": other})
    assert refusal(answer) == (403, "OUT_TRADE_NO_USED")


def test_a_repeat_may_come_in_the_last_minute_but_not_later(wechat, merchant):
    body = merchant.order(time_expire=in_seconds(200))
    merchant.prepay(body)
    wechat.shift_clock(170)
    assert merchant.signed_at(170).prepay(body).status_code == 200
    wechat.shift_clock(201)
    answer = merchant.signed_at(201).prepay(body)
    assert refusal(answer) == (400, "INVALID_REQUEST")


def test_a_closed_number_stays_closed(merchant):
    body = merchant.order()
    merchant.prepay(body)
    assert merchant.close(body["out_trade_no"]).status_code == 204
    assert refusal(merchant.prepay(body)) == (400, "ORDER_CLOSED")


def test_a_paid_number_is_not_paid_again(wechat, merchant):
    body = merchant.order()
    merchant.prepay(body)
    wechat.pay(body["out_trade_no"])
    assert refusal(merchant.prepay(body)) == (400, "ORDERPAID")
