import base64
import json
import time

import pytest

from .merchant import refusal

PREPAY = "/v3/pay/transactions/jsapi"
SIGN_ERROR = (401, "SIGN_ERROR")


def flipped(text):
    raw = bytearray(base64.b64decode(text))
    raw[0] ^= 1
    return base64.b64encode(bytes(raw)).decode()


@pytest.mark.parametrize(
    "changed",
    [
        {"mchid": "1600000000"},
        {"serial_no": "0" * 40},
        {"signature": ""},
        {"signature": "AAAA"},
        {"signature": "not base64!"},
        {"timestamp": int(time.time()) - 3600},
        {"timestamp": int(time.time()) + 3600},
        {"timestamp": "soon"},
        {"timestamp": ""},
        {"nonce_str": ""},
    ],
)
def test_a_wrong_field_is_refused(merchant, changed):
    header = merchant.authorization("POST", PREPAY, b"{}", **changed)
    assert refusal(merchant.send("POST", PREPAY, b"{}", authorization=header)) == (
        SIGN_ERROR
    )


@pytest.mark.parametrize("serial", [None, "", "PUB_KEY_ID_0", "merchantSerial"])
def test_the_platforms_public_key_must_be_named(merchant, serial):
    serial = merchant.world.get(serial, serial)
    target = f"/v3/pay/transactions/out-trade-no/{merchant.placed()}"
    target += f"?mchid={merchant.world['mchid']}"
    assert merchant.send("GET", target).status_code == 200
    answer = merchant.send("GET", target, headers={"Wechatpay-Serial": serial})
    assert refusal(answer) == SIGN_ERROR


@pytest.mark.parametrize("drift", [-285, 285])
def test_five_minutes_of_drift_are_allowed(merchant, drift):
    header = merchant.authorization(
        "POST", PREPAY, b"{}", timestamp=int(time.time()) + drift
    )
    answer = merchant.send("POST", PREPAY, b"{}", authorization=header)
    assert refusal(answer) == (400, "PARAM_ERROR")


@pytest.mark.parametrize(
    "header",
    [
        "nothing",
        "Bearer abc",
        "WECHATPAY2-SHA256-RSA2048",
        'WECHATPAY2-SHA256-RSA2048 mchid="1"',
        'WECHATPAY2-SM2-WITH-SM3 mchid="1",nonce_str="n",signature="s",timestamp="1",'
        'serial_no="1"',
    ],
)
def test_another_form_is_refused(merchant, header):
    answer = merchant.send("POST", PREPAY, b"{}", authorization=header)
    assert refusal(answer) == SIGN_ERROR


def test_one_changed_bit_of_the_signature_is_refused(merchant):
    header = merchant.authorization("POST", PREPAY, b"{}")
    signature = header.split('signature="')[1].split('"')[0]
    answer = merchant.send(
        "POST",
        PREPAY,
        b"{}",
        authorization=header.replace(signature, flipped(signature)),
    )
    assert refusal(answer) == SIGN_ERROR


def test_the_signature_covers_method_path_query_and_exact_bytes(merchant):
    number = merchant.placed()
    target = f"/v3/pay/transactions/out-trade-no/{number}"
    mchid = merchant.world["mchid"]
    signed_for = [
        ("POST", f"{target}?mchid={mchid}", b""),
        ("GET", target, b""),
        ("GET", f"{target}?mchid={mchid}&x=1", b""),
        ("GET", f"{target}x?mchid={mchid}", b""),
        ("GET", f"{target}?mchid={mchid}", b" "),
    ]
    answers = [
        merchant.send(
            "GET",
            f"{target}?mchid={mchid}",
            authorization=merchant.authorization(*other),
        )
        for other in signed_for
    ]
    assert [refusal(answer) for answer in answers] == [SIGN_ERROR] * len(signed_for)
    assert merchant.query(number).status_code == 200


def test_a_body_changed_under_way_makes_nothing(wechat, merchant):
    body = merchant.order()
    header = merchant.authorization("POST", PREPAY, json.dumps(body).encode())
    cheaper = json.dumps({**body, "amount": {"total": 1}}).encode()
    answer = merchant.send("POST", PREPAY, cheaper, authorization=header)
    assert refusal(answer) == SIGN_ERROR
    assert refusal(merchant.query(body["out_trade_no"])) == (404, "ORDER_NOT_EXIST")


def test_every_answer_has_a_nonce_of_its_own(merchant):
    nonces = {merchant.query("none-such").headers["Wechatpay-Nonce"] for _ in range(5)}
    assert len(nonces) == 5


def test_an_unknown_pay_route_is_answered_in_the_same_form(merchant):
    assert refusal(merchant.send("GET", "/v3/certificates")) == (404, "NOT_FOUND")
