import pytest

from conftest import wait_until

from .merchant import refusal


@pytest.fixture
def wechat(wechat):
    """The simulator with refunds held, each ending when its test says so."""
    wechat.hold_refunds()
    return wechat


@pytest.fixture
def paid(wechat, merchant):
    number = merchant.placed()
    wechat.pay(number)
    return number


def test_refused_as_told_and_then_accepted(wechat, merchant, paid):
    wechat.refuse_refunds()
    wechat.refuse_refunds("FREQUENCY_LIMITED", 429)
    body = merchant.refunding(paid)
    assert refusal(merchant.refund(body)) == (403, "NOT_ENOUGH")
    assert refusal(merchant.refund(body)) == (429, "FREQUENCY_LIMITED")
    assert wechat.payment(paid)["tradeState"] == "SUCCESS"
    assert merchant.refund(body).status_code == 200


def test_dropped_notifications_are_not_sent_nor_refunds_ended(wechat, merchant, paid):
    number = merchant.refunded(paid)
    wechat.fault("notify", "500")
    other = merchant.placed()
    wechat.pay(other)
    wechat.drop_notifications()
    wechat.hold_refunds(hold=False)
    state = wechat.state()
    assert not any(one["pending"] for one in state["notifications"])
    # It would have ended by now, were it let go.
    last = merchant.refunded(other)
    wait_until(lambda: status_of(wechat, last) == "SUCCESS")
    assert status_of(wechat, number) == "PROCESSING"


def status_of(wechat, number):
    known = {one["outRefundNo"]: one for one in wechat.state()["refunds"]}
    return known[number]["status"]


@pytest.mark.parametrize(
    "wanted", [{"code": ""}, {"status": 200}, {"times": 0}, {"times": True}]
)
def test_a_senseless_refusal_is_refused(wechat, wanted):
    answer = wechat.call("POST", "/_sim/refunds/refuse", wanted)
    assert answer.status_code == 400


@pytest.mark.parametrize("status", ["SUCCESS", "CLOSED", "ABNORMAL"])
def test_decided_by_hand(wechat, merchant, paid, status):
    number = merchant.refunded(paid)
    wechat.refund_decide(number, status)
    facts = merchant.refund_query(number).json()
    assert (facts["status"], "success_time" in facts) == (status, status == "SUCCESS")
    wechat.hold_refunds(hold=False)
    assert wechat.refund(number)["status"] == status


def test_an_abnormal_one_is_mended_and_a_final_one_is_not(wechat, merchant, paid):
    number = merchant.refunded(paid)
    wechat.refund_decide(number, "ABNORMAL")
    wechat.refund_decide(number, "SUCCESS")
    again = {"outRefundNo": number, "status": "CLOSED"}
    assert wechat.call("POST", "/_sim/refund", again).status_code == 409
    assert wechat.refund(number)["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 400),
        ({"outRefundNo": "none-such"}, 400),
        ({"outRefundNo": "none-such", "status": "PROCESSING"}, 400),
        ({"outRefundNo": "none-such", "status": "SUCCESS"}, 404),
    ],
)
def test_a_senseless_decision_is_refused(wechat, wanted, status):
    assert wechat.call("POST", "/_sim/refund", wanted).status_code == status
