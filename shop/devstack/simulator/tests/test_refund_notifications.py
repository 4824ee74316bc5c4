import json

import pytest

from conftest import wait_until

from .merchant import Merchant


@pytest.fixture
def merchant(own):
    return Merchant(own.world, own.base_url)


@pytest.fixture
def paid(own, merchant):
    number = merchant.placed()
    own.fault("notify", "never")
    own.pay(number)
    return number


def told_of(own, number):
    """Return how the one notification of a refund stands."""
    found = [
        one for one in own.state()["notifications"] if one["outRefundNo"] == number
    ]
    assert len(found) == 1
    return found[0]


def test_success_is_notified_by_itself(merchant, own, paid, shop_door):
    number = merchant.refunded(paid, notify_url=shop_door.url)
    headers, body = shop_door.next()
    merchant.verify(headers, body)
    outer, facts = json.loads(body), merchant.open(body)
    assert (outer["event_type"], outer["summary"]) == ("REFUND.SUCCESS", "退款成功")
    assert outer["resource_type"] == "encrypt-resource"
    assert outer["resource"]["original_type"] == "refund"
    refund = merchant.refund_query(number).json()
    assert facts == {
        "mchid": merchant.world["mchid"],
        "out_trade_no": paid,
        "transaction_id": refund["transaction_id"],
        "out_refund_no": number,
        "refund_id": refund["refund_id"],
        "refund_status": "SUCCESS",
        "success_time": refund["success_time"],
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": 9900,
            "refund": 9900,
            "payer_total": 9900,
            "payer_refund": 9900,
        },
    }
    wait_until(lambda: told_of(own, number)["delivered"])


@pytest.mark.parametrize("status", ["SUCCESS", "CLOSED", "ABNORMAL"])
def test_a_decision_is_notified_at_once(own, merchant, paid, shop_door, status):
    own.hold_refunds()
    number = merchant.refunded(paid, notify_url=shop_door.url)
    shop_door.answers.put(200)
    assert own.refund_decide(number, status) == 200
    _, body = shop_door.next()
    assert json.loads(body)["event_type"] == f"REFUND.{status}"
    facts = merchant.open(body)
    assert facts["refund_status"] == status
    assert ("success_time" in facts) == (status == "SUCCESS")
    assert "appid" not in facts


def test_without_an_address_nothing_is_notified(own, merchant, paid):
    number = merchant.refunded(paid, notify_url=None)
    wait_until(lambda: own.refund(number)["status"] == "SUCCESS")
    assert own.state()["notifications"][-1]["outRefundNo"] is None


def test_a_failure_is_tried_again(own, merchant, paid, shop_door):
    shop_door.answers.put(500)
    number = merchant.refunded(paid, notify_url=shop_door.url)
    assert shop_door.next()[1] == shop_door.next()[1]
    wait_until(lambda: told_of(own, number)["delivered"])
    assert told_of(own, number)["tries"] == 2


def test_sent_again_on_request(own, merchant, paid, shop_door):
    number = merchant.refunded(paid, notify_url=shop_door.url)
    _, first = shop_door.next()
    assert own.notify_refund(number) == 204
    headers, body = shop_door.next()
    assert body == first
    merchant.verify(headers, body)


def test_the_payments_own_notification_stays_its_last(own, merchant, shop_door):
    number = merchant.placed(notify_url=shop_door.url)
    own.pay(number)
    _, first = shop_door.next()
    merchant.refunded(number)
    wait_until(lambda: own.state()["refunds"][-1]["status"] == "SUCCESS")
    own.notify(number)
    assert shop_door.next()[1] == first


def test_not_notified_yet(own, merchant, paid):
    own.hold_refunds()
    number = merchant.refunded(paid)
    answer = own.call("POST", "/_sim/notify", {"outRefundNo": number})
    assert answer.status_code == 409


@pytest.mark.parametrize("kind", ["reset", "500", "html", "drop_reply", "half_json"])
def test_faults_of_the_way_bring_it_again(own, merchant, paid, shop_door, kind):
    own.fault("notify", kind)
    shop_door.answers.put(400 if kind == "half_json" else 204)
    number = merchant.refunded(paid, notify_url=shop_door.url)
    shop_door.next()
    wait_until(lambda: told_of(own, number)["delivered"])
    assert told_of(own, number)["tries"] == 2


def test_two_links(own, merchant, paid, shop_door):
    own.fault("notify", "duplicate")
    merchant.refunded(paid, notify_url=shop_door.url)
    assert shop_door.next()[1] == shop_door.next()[1]


def test_never(own, merchant, paid, shop_door):
    own.fault("notify", "never")
    number = merchant.refunded(paid, notify_url=shop_door.url)
    wait_until(lambda: own.refund(number)["status"] == "SUCCESS")
    wait_until(lambda: not told_of(own, number)["pending"])
    assert shop_door.received.empty()


def test_a_killed_simulator_goes_on_with_its_refunds(own, merchant, paid, shop_door):
    own.hold_refunds()
    number = merchant.refunded(paid, notify_url=shop_door.url)
    own.kill()
    own.start()
    _, body = shop_door.next()
    assert merchant.open(body)["out_refund_no"] == number
    assert own.refund(number)["status"] == "SUCCESS"
