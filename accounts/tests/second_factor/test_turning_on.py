"""The second factor is turned on by password and code."""

import re
from base64 import b32decode

import pytest
from rest_framework.test import APIClient

from accounts.encryption import text_decrypt
from accounts.errors import AccountStateChanged
from accounts.models import LoginFailure, TotpDevice
from accounts.services import enrolment_make
from accounts.tests.second_factor.codes import (
    LOCKED,
    NOW,
    PAGE,
    PASSWORD,
    api_login,
    browser,
    code_at,
    code_of,
    sealed_of,
    slug,
    text,
    turn_on,
)
from shop.errors import Invalid


def test_it_is_turned_on_by_a_code_and_ten_recovery_codes_are_shown_once(clerk):
    client = browser(clerk)
    page = text(client.get(PAGE))
    key = re.search(r'id="key"[^>]*>([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    assert 'src="data:image/svg+xml' in page
    assert not TotpDevice.objects.exists()
    code = code_of(b32decode(key), NOW)
    body = {"sealed": sealed_of(page), "password": PASSWORD, "code": code}
    done = text(client.post(PAGE, body))
    codes = re.findall(r"<li>([a-z2-9]{10})</li>", done)
    assert len(set(codes)) == 10
    assert code_at(clerk) == code
    again = text(client.get(PAGE))
    assert "恢复码还剩 10 个" in again
    assert not [code for code in codes if code in again]


def test_what_is_stored_tells_neither_key_nor_codes(clerk, recovery):
    row = str(TotpDevice.objects.values().get())
    key = text_decrypt(TotpDevice.objects.get().key_encrypted)
    assert len(key) == 40
    assert key not in row
    assert not [code for code in recovery if code in row]


@pytest.mark.parametrize("code", ["000000", "", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_a_wrong_code_turns_nothing_on(clerk, code):
    client = browser(clerk)
    page = text(client.get(PAGE))
    body = {"sealed": sealed_of(page), "password": PASSWORD, "code": code}
    answer = text(client.post(PAGE, body))
    assert "验证码不正确" in answer or "验证码不能为空" in answer
    # The same key once more: the app has it already.
    assert sealed_of(answer) == sealed_of(page)
    assert not TotpDevice.objects.exists()


def test_who_was_in_by_the_password_alone_is_out(clerk):
    client, theirs = browser(clerk), browser(clerk)
    tokens = api_login().json()["data"]
    key, sealed = enrolment_make(user=clerk)
    before = client.cookies["sessionid"].value
    code = code_of(b32decode(key), NOW)
    body = {"sealed": sealed, "password": PASSWORD, "code": code}
    assert "<li>" in text(client.post(PAGE, body))
    assert client.get("/admin/").status_code == 200
    assert client.cookies["sessionid"].value != before
    assert theirs.get("/admin/").status_code == 302
    refresh = {"refreshToken": tokens["refreshToken"]}
    answer = APIClient().post("/api/auth/refresh", refresh, format="json")
    assert slug(answer) == (401, "token_invalid")


def test_a_session_left_open_turns_nothing_on(clerk):
    """Else somebody else's phone would keep the owner of the account out."""
    client = browser(clerk)
    key, sealed = enrolment_make(user=clerk)
    body = {"sealed": sealed, "code": code_of(b32decode(key), NOW)}
    assert "密码不能为空" in text(client.post(PAGE, body))
    for password in ("wrong", "wrong-2", "wrong-3", "wrong-4"):
        page = text(client.post(PAGE, {**body, "password": password}))
        assert "密码错误" in page
        assert sealed_of(page) == sealed
    assert LOCKED in text(client.post(PAGE, {**body, "password": "wrong-5"}), 429)
    assert LOCKED in text(client.post(PAGE, {**body, "password": PASSWORD}), 429)
    assert LoginFailure.objects.count() == 5
    assert not TotpDevice.objects.exists()


def test_a_key_of_somebody_else_is_refused(clerk, staff):
    key, sealed = enrolment_make(user=staff)
    code = code_of(b32decode(key), NOW)
    for odd in (sealed, "x", ""):
        with pytest.raises(AccountStateChanged):
            turn_on(clerk, odd, code)
    body = {"sealed": sealed, "password": PASSWORD, "code": code}
    assert browser(clerk).post(PAGE, body)["Location"] == PAGE
    assert not TotpDevice.objects.exists()


def test_it_is_turned_on_once(clerk, recovery):
    before = TotpDevice.objects.values().get()
    key, sealed = enrolment_make(user=clerk)
    with pytest.raises(AccountStateChanged):
        turn_on(clerk, sealed, code_of(b32decode(key), NOW))
    assert TotpDevice.objects.values().get() == before


def test_invalid_is_what_the_service_says_of_a_wrong_code(clerk):
    _, sealed = enrolment_make(user=clerk)
    with pytest.raises(Invalid):
        turn_on(clerk, sealed, "000000")
