import time

import pytest

from shop.devstack.simulator.tests.merchant import Merchant


def token(merchant, **changed):
    body = {
        "grant_type": "client_credential",
        "appid": merchant.world["appid"],
        "secret": merchant.world["secret"],
    } | changed
    url = f"{merchant.base_url}/cgi-bin/stable_token"
    return merchant.http.post(url, json=body, timeout=60).json()


def phone(merchant, access_token, body):
    url = f"{merchant.base_url}/wxa/business/getuserphonenumber"
    query = {"access_token": access_token} if access_token is not None else {}
    return merchant.http.post(url, params=query, json=body, timeout=60).json()


def test_the_same_token_comes_again(merchant):
    first = token(merchant)
    assert set(first) == {"access_token", "expires_in"}
    assert len(first["access_token"]) >= 512
    assert 7100 < first["expires_in"] <= 7200
    assert token(merchant, force_refresh=False)["access_token"] == first["access_token"]


def test_renewed_five_minutes_early_while_the_old_one_still_works(own):
    merchant = Merchant(own.world, own.base_url)
    old = token(merchant)
    own.shift_clock(old["expires_in"] - 240)
    new = token(merchant)["access_token"]
    codes = {"code": "simphone-13800138000"}
    assert new != old["access_token"]
    assert phone(merchant, old["access_token"], codes)["errcode"] == 0
    assert phone(merchant, new, codes)["errcode"] == 0
    own.shift_clock(old["expires_in"] + 1)
    assert phone(merchant, old["access_token"], codes)["errcode"] == 40001
    assert phone(merchant, new, codes)["errcode"] == 0


def test_a_forced_renewal_ends_the_old_token_and_needs_half_a_minute(wechat, merchant):
    wechat.shift_clock(1_000_000)
    old = token(merchant)["access_token"]
    new = token(merchant, force_refresh=True)["access_token"]
    codes = {"code": "simphone-13800138000"}
    assert phone(merchant, old, codes)["errcode"] == 40001
    assert phone(merchant, new, codes)["errcode"] == 0
    assert token(merchant, force_refresh=True)["errcode"] == 45011
    wechat.shift_clock(1_000_031)
    assert token(merchant, force_refresh=True)["access_token"] != new


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"grant_type": "authorization_code"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": None}, 41004),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": "0" * 32}, 40125),
    ],
)
def test_token_refused(merchant, changed, expected):
    assert token(merchant, **changed)["errcode"] == expected


def test_token_wants_json_by_post(merchant):
    url = f"{merchant.base_url}/cgi-bin/stable_token"
    assert merchant.http.get(url, timeout=60).json()["errcode"] == 43002
    answer = merchant.http.post(url, data=b"[" * 20000, timeout=60)
    assert answer.json()["errcode"] == 47001


def test_phone_number_of_the_code(merchant):
    access = token(merchant)["access_token"]
    answer = phone(merchant, access, {"code": "simphone-13912345678"})
    stamp = answer["phone_info"]["watermark"].pop("timestamp")
    assert abs(stamp - time.time()) < 5
    assert answer == {
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": "13912345678",
            "purePhoneNumber": "13912345678",
            "countryCode": "86",
            "watermark": {"appid": merchant.world["appid"]},
        },
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"code": "sim-alice"}, 40029),
        ({"code": "simphone-1391234567"}, 40029),
        ({"code": "simphone-139123456789"}, 40029),
        ({}, 41008),
        ({"code": 7}, 41008),
        ([], 47001),
    ],
)
def test_phone_code_refused(merchant, body, expected):
    assert phone(merchant, token(merchant)["access_token"], body)["errcode"] == expected


def test_phone_token_refused(merchant):
    body = {"code": "simphone-13912345678"}
    assert phone(merchant, None, body)["errcode"] == 41001
    assert phone(merchant, "made-up", body)["errcode"] == 40001
