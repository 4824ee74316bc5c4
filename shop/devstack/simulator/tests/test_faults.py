import time

import pytest
import requests
from cryptography.exceptions import InvalidSignature

from .merchant import refusal

PAY_ROUTES = ["prepay", "query", "close", "refund", "bill"]
KINDS = [
    "slow",
    "reset",
    "500",
    "html",
    "half_json",
    "drop_reply",
    "duplicate",
    "delay",
    "never",
]
MINI_PATHS = {
    "token": "/cgi-bin/stable_token",
    "phone": "/wxa/business/getuserphonenumber",
    "message": "/cgi-bin/message/subscribe/send",
    "shipping": "/wxa/sec/order/upload_shipping_info",
    "content": "/wxa/msg_sec_check",
}


def call(merchant, route, number):
    """Send a route's request without looking at the answer's signature."""
    mchid = merchant.world["mchid"]
    target = f"/v3/pay/transactions/out-trade-no/{number}"
    if route == "login":
        return merchant.login("sim-buyer")
    if route in MINI_PATHS:
        url = merchant.base_url + MINI_PATHS[route]
        return merchant.http.post(url, json={}, timeout=60)
    if route == "prepay":
        return merchant.prepay(merchant.order(out_trade_no=number))
    if route == "refund":
        return merchant.refund(merchant.refunding(number))
    if route == "bill":
        return merchant.bill("2026-01-01")
    if route == "query":
        return merchant.send("GET", f"{target}?mchid={mchid}")
    return merchant.send("POST", f"{target}/close", {"mchid": mchid})


ROUTES = ["login", *MINI_PATHS, *PAY_ROUTES]


@pytest.fixture
def number(merchant):
    return merchant.placed()


@pytest.mark.parametrize("route", ROUTES)
def test_slow(wechat, merchant, number, route):
    wechat.fault(route, "slow", seconds=1)
    wechat.fault(route, "500")
    started = time.monotonic()
    assert call(merchant, route, number).status_code < 500
    assert time.monotonic() - started >= 1
    # Once: the next request meets the next fault.
    assert call(merchant, route, number).status_code == 500


@pytest.mark.parametrize("route", ROUTES)
def test_reset(wechat, merchant, number, route):
    wechat.fault(route, "reset")
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        call(merchant, route, number)


@pytest.mark.parametrize("route", ["login", *MINI_PATHS])
def test_500_of_the_mini_program_api(wechat, merchant, number, route):
    wechat.fault(route, "500")
    answer = call(merchant, route, number)
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


@pytest.mark.parametrize("route", PAY_ROUTES)
def test_500_of_pay_is_signed(wechat, merchant, number, route):
    wechat.fault(route, "500")
    assert refusal(call(merchant, route, number)) == (500, "SYSTEM_ERROR")
    assert wechat.payment(number)["tradeState"] == "NOTPAY"


@pytest.mark.parametrize("route", ROUTES)
def test_html(wechat, merchant, number, route, monkeypatch):
    wechat.fault(route, "html")
    monkeypatch.setattr(merchant, "verify", lambda *_: None)
    answer = call(merchant, route, number)
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.text.startswith("<html>")
    assert "Wechatpay-Signature" not in answer.headers
    assert wechat.payment(number)["tradeState"] == "NOTPAY"


@pytest.mark.parametrize("route", ["login", *MINI_PATHS])
def test_half_json_of_the_mini_program_api(wechat, merchant, number, route):
    wechat.fault(route, "half_json")
    answer = call(merchant, route, number)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Unterminated|Expecting"):
        answer.json()


@pytest.mark.parametrize("route", PAY_ROUTES)
def test_half_json_of_pay_fails_the_signature(wechat, merchant, number, route):
    wechat.fault(route, "half_json")
    with pytest.raises(InvalidSignature):
        call(merchant, route, number)


def test_drop_reply_acts_and_says_nothing(wechat, merchant):
    body = merchant.order()
    wechat.fault("prepay", "drop_reply")
    with pytest.raises(requests.ConnectionError, match="without response"):
        merchant.prepay(body)
    assert wechat.payment(body["out_trade_no"])["tradeState"] == "NOTPAY"
    wechat.fault("close", "drop_reply")
    with pytest.raises(requests.ConnectionError, match="without response"):
        merchant.close(body["out_trade_no"])
    assert wechat.payment(body["out_trade_no"])["tradeState"] == "CLOSED"


def test_drop_reply_refunds_once(wechat, merchant, number):
    wechat.pay(number)
    body = merchant.refunding(number)
    wechat.fault("refund", "drop_reply")
    with pytest.raises(requests.ConnectionError, match="without response"):
        merchant.refund(body)
    (first,) = [one for one in wechat.state()["refunds"] if one["outTradeNo"] == number]
    again = merchant.refund(body)
    assert (again.status_code, again.json()["refund_id"]) == (200, first["refundId"])


def test_drop_reply_sends_a_message_and_uploads_a_shipment(wechat, merchant, number):
    wechat.pay(number)
    wechat.fault("message", "drop_reply")
    wechat.fault("shipping", "drop_reply")
    before = len(wechat.state()["messages"])
    with pytest.raises(requests.ConnectionError, match="without response"):
        merchant.message_send(merchant.message())
    with pytest.raises(requests.ConnectionError, match="without response"):
        merchant.ship(merchant.shipment(number))
    assert len(wechat.state()["messages"]) == before + 1
    assert merchant.ship(merchant.shipment(number))["errcode"] == 10060023


def test_duplicate_refunds_once_and_sends_twice(wechat, merchant, number):
    wechat.pay(number)
    wechat.fault("refund", "duplicate")
    wechat.fault("message", "duplicate")
    before = len(wechat.state()["messages"])
    assert merchant.refund(merchant.refunding(number)).status_code == 200
    assert merchant.message_send(merchant.message())["errcode"] == 0
    state = wechat.state()
    assert len(state["messages"]) == before + 2
    assert len([one for one in state["refunds"] if one["outTradeNo"] == number]) == 1


def test_the_list_of_carriers_has_the_faults_of_shipping(wechat, merchant):
    wechat.fault("shipping", "html")
    path = "/cgi-bin/express/delivery/open_msg/get_delivery_list"
    with pytest.raises(ValueError, match="Expecting"):
        merchant.ask(path, {})
    assert merchant.ask(path, {})["errcode"] == 0


def test_a_refunds_query_has_the_faults_of_query(wechat, merchant, number):
    wechat.pay(number)
    refund_number = merchant.refunded(number)
    wechat.fault("query", "500")
    wechat.fault("refund", "reset")
    assert merchant.refund_query(refund_number).status_code == 500
    assert merchant.refund_query(refund_number).status_code == 200


def test_drop_reply_burns_a_single_use_code(wechat, merchant):
    wechat.fault("login", "drop_reply")
    with pytest.raises(requests.ConnectionError, match="without response"):
        merchant.login("once-dora-1")
    assert merchant.login("once-dora-1").json()["errcode"] == 40163


def test_reset_does_not_act(wechat, merchant):
    body = merchant.order()
    wechat.fault("prepay", "reset")
    with pytest.raises(requests.ConnectionError):
        merchant.prepay(body)
    assert refusal(merchant.query(body["out_trade_no"])) == (404, "ORDER_NOT_EXIST")


def test_duplicate_acts_twice(wechat, merchant, number):
    wechat.fault("close", "duplicate")
    assert refusal(merchant.close(number)) == (400, "ORDER_CLOSED")


def test_never_answers_nothing_in_the_end(wechat, merchant, number):
    wechat.fault("close", "never", seconds=0.3)
    started = time.monotonic()
    with pytest.raises(requests.ConnectionError, match="without response"):
        merchant.close(number)
    assert time.monotonic() - started >= 0.3
    assert wechat.payment(number)["tradeState"] == "NOTPAY"


def test_times_count_down_and_the_next_fault_follows(wechat, merchant, number):
    wechat.fault("query", "500", times=2)
    wechat.fault("query", "reset")
    assert [merchant.query(number).status_code for _ in range(2)] == [500, 500]
    with pytest.raises(requests.ConnectionError):
        merchant.query(number)
    assert merchant.query(number).status_code == 200


def test_a_fault_is_its_routes_alone_and_delete_clears(wechat, merchant, number):
    wechat.fault("query", "500", times=9)
    assert merchant.login("sim-buyer").status_code == 200
    assert merchant.query(number).status_code == 500
    wechat.clear_faults()
    assert merchant.query(number).status_code == 200


@pytest.mark.parametrize("route", [*ROUTES, "download", "notify"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_route_takes_every_kind(wechat, route, kind):
    wanted = {"route": route, "kind": kind, "times": 2, "seconds": 1.5}
    answer = wechat.call("POST", "/_sim/faults", wanted)
    assert (answer.status_code, answer.json()) == (200, wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"route": "login"},
        {"route": "login", "kind": "lost"},
        {"route": "logout", "kind": "slow"},
        {"route": ["login"], "kind": "slow"},
        {"route": "login", "kind": "slow", "times": 0},
        {"route": "login", "kind": "slow", "times": "1"},
        {"route": "login", "kind": "slow", "times": True},
        {"route": "login", "kind": "slow", "seconds": -1},
        {"route": "login", "kind": "slow", "seconds": 601},
        {"route": "login", "kind": "slow", "seconds": "1"},
    ],
)
def test_a_senseless_fault_is_refused(wechat, wanted):
    assert wechat.call("POST", "/_sim/faults", wanted).status_code == 400
    assert wechat.call("GET", "/_sim/state").status_code == 200


def test_a_slow_answer_takes_ten_seconds_unless_told(wechat):
    answer = wechat.call("POST", "/_sim/faults", {"route": "bill", "kind": "slow"})
    assert answer.json() == {
        "route": "bill",
        "kind": "slow",
        "times": 1,
        "seconds": 10.0,
    }
