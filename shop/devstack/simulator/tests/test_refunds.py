import re
import threading

import pytest

from conftest import wait_until

from .merchant import refusal

PARAM_ERROR = (400, "PARAM_ERROR")
INVALID_REQUEST = (400, "INVALID_REQUEST")


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


def yuan(refund, total=9900):
    return {"refund": refund, "total": total, "currency": "CNY"}


def test_a_refund_is_accepted_and_stands_in_the_state(wechat, merchant, paid):
    body = merchant.refunding(paid, amount=yuan(3300))
    answer = merchant.refund(body)
    facts = answer.json()
    assert answer.status_code == 200
    assert re.fullmatch(r"5030\d{25}", refund_id := facts.pop("refund_id"))
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", facts.pop("create_time")
    )
    assert facts == {
        "out_refund_no": body["out_refund_no"],
        "transaction_id": wechat.payment(paid)["transactionId"],
        "out_trade_no": paid,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "status": "PROCESSING",
        "funds_account": "AVAILABLE",
        "amount": {
            "total": 9900,
            "refund": 3300,
            "from": [],
            "payer_total": 9900,
            "payer_refund": 3300,
            "settlement_refund": 3300,
            "settlement_total": 9900,
            "discount_refund": 0,
            "currency": "CNY",
        },
        "promotion_detail": [],
    }
    assert wechat.refund(body["out_refund_no"]) == {
        "outRefundNo": body["out_refund_no"],
        "refundId": refund_id,
        "outTradeNo": paid,
        "status": "PROCESSING",
        "refund": 3300,
        "total": 9900,
        "reason": "不想要了",
    }
    assert wechat.payment(paid)["tradeState"] == "REFUND"
    assert merchant.query(paid).json()["trade_state_desc"] == "转入退款"


def test_it_succeeds_by_itself(wechat, merchant, paid):
    wechat.hold_refunds(hold=False)
    number = merchant.refunded(paid)
    wait_until(lambda: merchant.refund_query(number).json()["status"] == "SUCCESS")
    assert "success_time" in merchant.refund_query(number).json()


def test_held_until_released(wechat, merchant, paid, shop_door):
    number = merchant.refunded(paid, notify_url=shop_door.url)
    assert shop_door.heard_nothing_for(1.5)
    assert wechat.refund(number)["status"] == "PROCESSING"
    wechat.hold_refunds(hold=False)
    shop_door.next()
    assert wechat.refund(number)["status"] == "SUCCESS"


def test_by_transaction_id_or_by_both_numbers(wechat, merchant, paid):
    transaction_id = wechat.payment(paid)["transactionId"]
    ways = [
        {"out_trade_no": None, "transaction_id": transaction_id},
        {"out_trade_no": paid, "transaction_id": transaction_id},
    ]
    for way in ways:
        number = merchant.refunded(paid, amount=yuan(1), **way)
        assert wechat.refund(number)["outTradeNo"] == paid


def test_two_numbers_of_two_payments(wechat, merchant, paid):
    other = merchant.placed()
    transaction_id = wechat.pay(other)
    body = merchant.refunding(paid, transaction_id=transaction_id)
    assert refusal(merchant.refund(body)) == PARAM_ERROR
    assert wechat.payment(other)["tradeState"] == "SUCCESS"


@pytest.mark.parametrize(
    "changed",
    [
        {"out_trade_no": None},
        {"out_trade_no": "12345"},
        {"out_trade_no": None, "transaction_id": "4" * 33},
        {"out_trade_no": None, "transaction_id": 42},
        {"out_refund_no": None},
        {"out_refund_no": ""},
        {"out_refund_no": "R" * 65},
        {"out_refund_no": "with space"},
        {"out_refund_no": "退款单"},
        {"reason": "退" * 81},
        {"reason": 7},
        {"notify_url": "http://shop.example/notify"},
        {"notify_url": "https://shop.example/notify?a=1"},
        {"amount": None},
        {"amount": 9900},
        {"amount": {"refund": 9900, "currency": "CNY"}},
        {"amount": {"total": 9900, "currency": "CNY"}},
        {"amount": {"refund": 9900, "total": 9900}},
        {"amount": {"refund": 9900, "total": 9900, "currency": "USD"}},
        {"amount": yuan(0)},
        {"amount": yuan(-1)},
        {"amount": yuan(1.0)},
        {"amount": yuan("1")},
        {"amount": yuan(True)},
        {"amount": yuan(1, total="9900")},
    ],
)
def test_a_wrong_parameter_is_refused_and_nothing_entered(
    wechat, merchant, paid, changed
):
    answer = merchant.refund(merchant.refunding(paid, **changed))
    assert refusal(answer) == PARAM_ERROR, answer.text
    assert wechat.payment(paid)["tradeState"] == "SUCCESS"


@pytest.mark.parametrize(
    "changed",
    [
        {"out_refund_no": "R" * 64},
        {"reason": "退" * 80},
        {"reason": None},
        {"notify_url": None},
        {"amount": yuan(1)},
    ],
)
def test_what_just_fits_is_accepted(wechat, merchant, paid, changed):
    number = merchant.refunded(paid, **changed)
    assert wechat.refund_decide(number, "CLOSED") is None


def test_not_json(merchant):
    answer = merchant.send("POST", "/v3/refund/domestic/refunds", b"{")
    assert refusal(answer) == PARAM_ERROR


def test_an_unknown_payment(merchant):
    answer = merchant.refund(merchant.refunding("never-made-1"))
    assert refusal(answer) == (404, "RESOURCE_NOT_EXISTS")


def test_an_unpaid_payment(wechat, merchant):
    number = merchant.placed()
    assert refusal(merchant.refund(merchant.refunding(number))) == INVALID_REQUEST
    assert wechat.payment(number)["tradeState"] == "NOTPAY"


def test_another_total_than_was_paid(wechat, merchant, paid):
    body = merchant.refunding(paid, amount=yuan(100, total=9901))
    assert refusal(merchant.refund(body)) == INVALID_REQUEST
    assert wechat.payment(paid)["tradeState"] == "SUCCESS"


def test_a_payment_of_more_than_a_year_ago(wechat, merchant, paid):
    wechat.shift_clock(366 * 86400)
    body = merchant.refunding(paid)
    answer = merchant.signed_at(366 * 86400).refund(body)
    assert refusal(answer) == INVALID_REQUEST


def test_never_more_than_was_paid(wechat, merchant, paid):
    merchant.refunded(paid, amount=yuan(9000))
    body = merchant.refunding(paid, amount=yuan(901))
    assert refusal(merchant.refund(body)) == INVALID_REQUEST
    merchant.refunded(paid, amount=yuan(900))
    answer = merchant.refund(merchant.refunding(paid, amount=yuan(1)))
    assert refusal(answer) == INVALID_REQUEST
    assert answer.json()["message"] == "订单已全额退款"


def test_a_closed_refund_gives_its_money_free_and_an_abnormal_one_does_not(
    wechat, merchant, paid
):
    closed = merchant.refunded(paid)
    wechat.refund_decide(closed, "CLOSED")
    abnormal = merchant.refunded(paid)
    wechat.refund_decide(abnormal, "ABNORMAL")
    assert refusal(merchant.refund(merchant.refunding(paid))) == INVALID_REQUEST


def test_twenty_at_once_refund_no_more_than_was_paid(wechat, merchant, paid):
    bodies = [merchant.refunding(paid, amount=yuan(990)) for _ in range(20)]
    found = []
    threads = [
        threading.Thread(
            target=lambda body=body: found.append(merchant.refund(body).status_code)
        )
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200] * 10 + [400] * 10


def test_fifty_refunds_of_a_payment(wechat, merchant, paid):
    for _ in range(50):
        merchant.refunded(paid, amount=yuan(1))
    answer = merchant.refund(merchant.refunding(paid, amount=yuan(1)))
    assert refusal(answer) == INVALID_REQUEST


def test_the_same_number_again_answers_how_the_refund_stands(wechat, merchant, paid):
    body = merchant.refunding(paid)
    first = merchant.refund(body).json()
    assert merchant.refund(body).json() == first
    wechat.refund_decide(body["out_refund_no"], "SUCCESS")
    again = merchant.refund(body).json()
    assert (again["refund_id"], again["status"]) == (first["refund_id"], "SUCCESS")
    assert again == merchant.refund_query(body["out_refund_no"]).json()


def test_the_same_number_by_the_other_name_of_the_payment(wechat, merchant, paid):
    body = merchant.refunding(paid)
    first = merchant.refund(body).json()
    by_id = {"transaction_id": first["transaction_id"], "out_trade_no": None}
    again = merchant.refund(merchant.refunding(paid, **body | by_id))
    assert again.json() == first


@pytest.mark.parametrize("amount", [yuan(9899), yuan(9900, total=9901)])
def test_the_same_number_for_another_amount(wechat, merchant, paid, amount):
    body = merchant.refunding(paid)
    merchant.refund(body)
    assert refusal(merchant.refund(body | {"amount": amount})) == INVALID_REQUEST
    assert wechat.refund(body["out_refund_no"])["refund"] == 9900


def test_the_same_number_for_another_payment(wechat, merchant, paid):
    other = merchant.placed()
    wechat.pay(other)
    body = merchant.refunding(paid)
    merchant.refund(body)
    assert refusal(merchant.refund(body | {"out_trade_no": other})) == INVALID_REQUEST
    assert wechat.payment(other)["tradeState"] == "SUCCESS"


def test_an_unknown_refund(merchant):
    assert refusal(merchant.refund_query("none-such")) == (404, "RESOURCE_NOT_EXISTS")
