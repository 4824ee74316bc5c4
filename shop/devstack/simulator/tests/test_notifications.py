import json
import time

import pytest

from conftest import wait_until


@pytest.fixture
def wechat(own):
    """A simulator with no delivery left over, for its retry would take the fault."""
    return own


def pending(wechat, number):
    found = [
        one for one in wechat.state()["notifications"] if one["outTradeNo"] == number
    ]
    assert len(found) == 1
    return found[0]


def settled(wechat, number):
    """Return the notification once nothing more is under way."""
    wait_until(lambda: not pending(wechat, number)["pending"])
    return pending(wechat, number)


def test_it_can_be_verified_and_decrypted(wechat, merchant, shop_door):
    number = merchant.placed(notify_url=shop_door.url)
    transaction_id = wechat.pay(number)
    headers, body = shop_door.next()
    merchant.verify(headers, body)
    assert headers["Content-Type"] == "application/json"
    outer, facts = json.loads(body), merchant.open(body)
    assert outer["event_type"] == "TRANSACTION.SUCCESS"
    assert outer["resource_type"] == "encrypt-resource"
    assert outer["resource"]["algorithm"] == "AEAD_AES_256_GCM"
    assert outer["resource"]["original_type"] == "transaction"
    assert outer["resource"]["associated_data"] == "transaction"
    assert len(outer["resource"]["nonce"]) == 12
    assert facts == merchant.query(number).json()
    assert facts["transaction_id"] == transaction_id


def test_the_payment_stands_in_the_books_before_it_is_sent(merchant, wechat, shop_door):
    number = merchant.placed(notify_url=shop_door.url)
    wechat.fault("notify", "slow", seconds=1)
    started = time.monotonic()
    wechat.pay(number)
    assert time.monotonic() - started >= 1
    assert merchant.query(number).json()["trade_state"] == "SUCCESS"
    assert pending(wechat, number) == {
        "outTradeNo": number,
        "outRefundNo": None,
        "tries": 1,
        "delivered": True,
        "pending": False,
        "lastStatus": 204,
    }


@pytest.mark.parametrize("status", [301, 401, 500])
def test_a_failure_is_tried_again_with_the_same_body(
    wechat, merchant, shop_door, status
):
    shop_door.answers.put(status)
    number = merchant.placed(notify_url=shop_door.url)
    wechat.pay(number)
    (first_headers, first_body), (headers, body) = shop_door.next(), shop_door.next()
    assert body == first_body
    assert headers["Wechatpay-Nonce"] != first_headers["Wechatpay-Nonce"]
    merchant.verify(headers, body)
    known = settled(wechat, number)
    assert (known["tries"], known["delivered"], known["lastStatus"]) == (2, True, 204)
    assert shop_door.received.empty()


def test_success_of_any_kind_is_not_repeated(wechat, merchant, shop_door):
    shop_door.answers.put(200)
    number = merchant.placed(notify_url=shop_door.url)
    wechat.pay(number)
    shop_door.next()
    known = pending(wechat, number)
    assert (known["delivered"], known["pending"]) == (True, False)
    assert shop_door.received.empty()


def test_a_shop_that_is_down_still_leaves_a_paid_payment(wechat, merchant):
    number = merchant.placed()
    assert wechat.pay(number) == wechat.payment(number)["transactionId"]
    waiting = pending(wechat, number)
    assert (waiting["delivered"], waiting["pending"]) == (False, True)
    assert waiting["lastStatus"] is None


def test_sent_again_on_request_with_a_fresh_signature(wechat, merchant, shop_door):
    number = merchant.placed(notify_url=shop_door.url)
    wechat.pay(number)
    first_headers, first_body = shop_door.next()
    assert wechat.notify(number) == 204
    headers, body = shop_door.next()
    assert body == first_body
    assert headers["Wechatpay-Signature"] != first_headers["Wechatpay-Signature"]
    merchant.verify(headers, body)


def test_a_resend_tells_the_shops_refusal_and_starts_no_retries(
    wechat, merchant, shop_door
):
    number = merchant.placed(notify_url=shop_door.url)
    wechat.pay(number)
    shop_door.next()
    shop_door.answers.put(500)
    assert wechat.notify(number) == 500
    shop_door.next()
    known = pending(wechat, number)
    assert (known["delivered"], known["pending"]) == (True, False)
    assert shop_door.received.empty()


def test_duplicates_come_over_two_links(wechat, merchant, shop_door):
    wechat.fault("notify", "duplicate")
    number = merchant.placed(notify_url=shop_door.url)
    wechat.pay(number)
    (first_headers, first_body), (headers, body) = shop_door.next(), shop_door.next()
    assert body == first_body
    merchant.verify(first_headers, body)
    merchant.verify(headers, body)
    assert pending(wechat, number)["pending"] is False
    assert shop_door.received.empty()


def test_delayed_notification_comes_later_and_does_not_hold_up_the_shopper(
    wechat, merchant, shop_door
):
    wechat.fault("notify", "delay", seconds=3)
    number = merchant.placed(notify_url=shop_door.url)
    started = time.monotonic()
    wechat.pay(number)
    assert shop_door.received.empty()
    assert merchant.query(number).json()["trade_state"] == "SUCCESS"
    shop_door.next()
    assert time.monotonic() - started >= 3
    assert settled(wechat, number)["tries"] == 1


def test_never_means_never_unless_asked_for(wechat, merchant, shop_door):
    wechat.fault("notify", "never")
    number = merchant.placed(notify_url=shop_door.url)
    wechat.pay(number)
    assert pending(wechat, number)["pending"] is False
    assert shop_door.received.empty()
    assert wechat.notify(number) == 204
    shop_door.next()
    assert shop_door.received.empty()


def test_a_lost_answer_brings_the_notification_again(wechat, merchant, shop_door):
    wechat.fault("notify", "drop_reply")
    wechat.pay(merchant.placed(notify_url=shop_door.url))
    assert shop_door.next()[1] == shop_door.next()[1]


def test_a_truncated_notification_has_the_whole_ones_signature(
    wechat, merchant, shop_door
):
    shop_door.answers.put(400)
    wechat.fault("notify", "half_json")
    wechat.pay(merchant.placed(notify_url=shop_door.url))
    (half_headers, half), (_, whole) = shop_door.next(), shop_door.next()
    assert half == whole[: len(whole) // 2]
    merchant.verify(half_headers, whole)


@pytest.mark.parametrize("kind", ["reset", "500", "html"])
def test_a_broken_way_loses_the_attempt_not_the_notification(
    wechat, merchant, shop_door, kind
):
    wechat.fault("notify", kind)
    number = merchant.placed(notify_url=shop_door.url)
    wechat.pay(number)
    assert shop_door.received.empty()
    shop_door.next()
    assert settled(wechat, number)["tries"] == 2
    assert shop_door.received.empty()


def test_a_killed_simulator_takes_up_its_deliveries(wechat, merchant, shop_door):
    number = merchant.placed(notify_url=shop_door.url)
    wechat.fault("notify", "delay", seconds=600)
    wechat.pay(number)
    wechat.kill()
    wechat.start()
    headers, body = shop_door.next()
    merchant.verify(headers, body)
    assert merchant.open(body)["out_trade_no"] == number
