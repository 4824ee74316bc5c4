import threading

import pytest

from .merchant import in_seconds


def status(wechat, path, body):
    return wechat.call("POST", path, body).status_code


def test_pay_by_number_answers_the_transaction_id_alone(wechat, merchant):
    number = merchant.placed()
    answer = wechat.call("POST", "/_sim/pay", {"outTradeNo": number})
    transaction_id = wechat.payment(number)["transactionId"]
    assert (answer.status_code, answer.json()) == (
        200,
        {"transactionId": transaction_id},
    )


@pytest.mark.parametrize("body", [{"outTradeNo": "none-such"}, {"prepayId": "wx0"}])
def test_pay_what_is_unknown(wechat, body):
    assert status(wechat, "/_sim/pay", body) == 404


@pytest.mark.parametrize("body", [{}, [], {"outTradeNo": 7}])
def test_pay_without_a_number(wechat, body):
    assert status(wechat, "/_sim/pay", body) == 400


def test_pay_twice(wechat, merchant):
    number = merchant.placed()
    first = wechat.pay(number)
    assert status(wechat, "/_sim/pay", {"outTradeNo": number}) == 409
    assert wechat.payment(number)["transactionId"] == first


def test_pay_after_closing(wechat, merchant):
    number = merchant.placed()
    merchant.close(number)
    assert status(wechat, "/_sim/pay", {"outTradeNo": number}) == 409
    assert wechat.payment(number)["tradeState"] == "CLOSED"


def test_pay_after_time_expire(wechat, merchant):
    number = merchant.placed(time_expire=in_seconds(100))
    wechat.shift_clock(101)
    assert status(wechat, "/_sim/pay", {"outTradeNo": number}) == 409
    assert wechat.payment(number)["tradeState"] == "NOTPAY"


def test_a_prepay_id_lives_two_hours(wechat, merchant):
    body = merchant.order(time_expire=in_seconds(86400))
    old = merchant.prepay(body).json()["prepay_id"]
    wechat.shift_clock(7201)
    assert status(wechat, "/_sim/pay", {"prepayId": old}) == 409
    new = merchant.signed_at(7201).prepay(body).json()["prepay_id"]
    assert status(wechat, "/_sim/pay", {"prepayId": old}) == 409
    assert status(wechat, "/_sim/pay", {"prepayId": new}) == 200


def test_twenty_at_once_pay_once(wechat, merchant):
    number = merchant.placed()
    found = []
    pay = {"outTradeNo": number}
    threads = [
        threading.Thread(target=lambda: found.append(status(wechat, "/_sim/pay", pay)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200] + [409] * 19


def test_paying_against_closing_leaves_one_winner(wechat, merchant):
    for _ in range(10):
        number = merchant.placed()
        found = {}
        pay = threading.Thread(
            target=lambda number=number, found=found: found.update(
                pay=status(wechat, "/_sim/pay", {"outTradeNo": number})
            )
        )
        pay.start()
        found["close"] = merchant.close(number).status_code
        pay.join()
        state = wechat.payment(number)["tradeState"]
        assert (found["pay"], found["close"], state) in [
            (200, 400, "SUCCESS"),
            (409, 204, "CLOSED"),
        ]


def test_money_that_comes_after_close(wechat, merchant):
    number = merchant.placed()
    merchant.close(number)
    transaction_id = wechat.pay(number, force=True)
    assert merchant.query(number).json()["transaction_id"] == transaction_id
    assert wechat.payment(number)["tradeState"] == "SUCCESS"
    # Once: money does not come twice for one number.
    forced = {"outTradeNo": number, "force": True}
    assert status(wechat, "/_sim/pay", forced) == 409
    assert wechat.payment(number)["transactionId"] == transaction_id


def test_money_that_comes_after_expiry(wechat, merchant):
    number = merchant.placed(time_expire=in_seconds(100))
    wechat.shift_clock(101)
    transaction_id = wechat.pay(number, force=True)
    assert wechat.payment(number)["transactionId"] == transaction_id


def test_force_is_true_or_false(wechat, merchant):
    number = merchant.placed()
    assert status(wechat, "/_sim/pay", {"outTradeNo": number, "force": 1}) == 400
    assert wechat.payment(number)["tradeState"] == "NOTPAY"


def test_notify_refuses_the_unknown_and_the_unpaid(wechat, merchant):
    assert status(wechat, "/_sim/notify", {"outTradeNo": "none-such"}) == 404
    assert status(wechat, "/_sim/notify", {"outTradeNo": merchant.placed()}) == 409
    assert status(wechat, "/_sim/notify", {"outRefundNo": "none-such"}) == 404
    assert status(wechat, "/_sim/notify", {}) == 400


def test_control_routes_know_their_methods(wechat):
    assert wechat.call("GET", "/_sim/pay").status_code == 404
    assert wechat.call("GET", "/_sim/none").status_code == 404
    assert wechat.call("GET", "/").status_code == 404
    assert status(wechat, "/_sim/clock", {"offsetSeconds": "1"}) == 400
