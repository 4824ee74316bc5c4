"""The second factor: turned on, asked for in the admin and the API, turned off."""

import re
import time
from base64 import b32decode
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from types import SimpleNamespace

import pytest
from axes.models import AccessAttempt
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session as AdminSession
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django_otp.oath import TOTP
from rest_framework.test import APIClient

from accounts.encryption import text_decrypt
from accounts.errors import AccountStateChanged, OtpInvalid
from accounts.models import LoginFailure, Session, TotpDevice, User
from accounts.services import (
    enrolment_make,
    login_ticket_make,
    second_factor_check,
    second_factor_reset,
    second_factor_turn_on,
    staff_password_set,
)
from conftest import alone, client_of
from shop.errors import Forbidden, Invalid, RateLimited

PAGE = "/admin/second_factor/"
STEP = "/admin/login/code/"
PASSWORD = "a-long-password-9"
NOW = datetime.fromisoformat("2026-11-26T12:00:10+08:00")
LOCKED = "登录失败次数过多,请稍后再试"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Stop the clock by which codes come and go; a test moves it on."""
    clock = SimpleNamespace(moment=NOW)
    fake = SimpleNamespace(now=lambda: clock.moment)
    monkeypatch.setattr("accounts.services.second_factor.timezone", fake)
    monkeypatch.setattr("django_otp.models.timezone", fake)
    return clock


def code_of(key, moment):
    app = TOTP(key)
    app.time = moment.timestamp()
    return f"{app.token():06d}"


def code_at(user, moment=NOW):
    device = TotpDevice.objects.get(user=user)
    return code_of(bytes.fromhex(text_decrypt(device.key_encrypted)), moment)


def wrong_at(user, moment=NOW):
    return f"{(int(code_at(user, moment)) + 1) % 1_000_000:06d}"


@pytest.fixture
def clerk(db):
    return User.objects.create_user("clerk", PASSWORD)


def turn_on(user, sealed, code):
    return second_factor_turn_on(
        request=RequestFactory().post(PAGE),
        user=user,
        password=PASSWORD,
        sealed=sealed,
        code=code,
    )


@pytest.fixture
def recovery(clerk, clock):
    """Turn it on for the clerk, five minutes ago; return the recovery codes."""
    clock.moment = NOW - timedelta(minutes=5)
    key, sealed = enrolment_make(user=clerk)
    code = code_of(b32decode(key), clock.moment)
    codes = turn_on(clerk, sealed, code)
    clock.moment = NOW
    return codes


def text(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def first_step(client, password=PASSWORD, query=""):
    body = {"username": "clerk", "password": password}
    return client.post(f"/admin/login/{query}", body)


def ticket_of(answer):
    return re.search('name="ticket" value="([^"]+)"', text(answer))[1]


def second_step(client, ticket, code, **data):
    return client.post(STEP, {"ticket": ticket, "code": code, **data})


def api_login(**fields):
    body = {"username": "clerk", "password": PASSWORD, **fields}
    return APIClient().post("/api/auth/staff/login", body, format="json")


def slug(answer):
    return answer.status_code, answer.json()["data"].get("error")


def sealed_of(page):
    return re.search('name="sealed" value="([^"]+)"', page)[1]


# --- turning it on ------------------------------------------------------------------


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


# --- a login of the admin -----------------------------------------------------------


def test_each_right_code_encrypts_with_the_newest_key(clerk, recovery, settings):
    old, new = settings.FIELD_ENCRYPTION_KEY, Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEY = f"{new},{old}"
    ticket = login_ticket_make(user=clerk)
    assert second_step(Client(), ticket, code_at(clerk)).status_code == 302
    settings.FIELD_ENCRYPTION_KEY = new
    ticket = login_ticket_make(user=clerk)
    assert second_step(Client(), ticket, recovery[0]).status_code == 302


def test_between_password_and_code_there_is_no_session(clerk, recovery):
    client = Client()
    page = first_step(client)
    assert "6 位验证码" in text(page)
    assert "no-store" in page["Cache-Control"]
    assert "sessionid" not in client.cookies
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert User.objects.get().last_login is None
    answer = second_step(client, ticket_of(page), code_at(clerk))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200
    assert User.objects.get().last_login is not None


def test_who_has_none_is_not_asked(clerk):
    assert first_step(Client())["Location"] == "/admin/"


def test_a_wrong_password_is_told_no_more_than_before(clerk, recovery):
    page = text(first_step(Client(), password="wrong"))
    assert "验证码" not in page
    assert LoginFailure.objects.count() == 1


def test_where_one_wanted_to_go_is_kept(clerk, recovery):
    client = Client()
    page = first_step(client, query="?next=/admin/accounts/shopper/")
    assert 'name="next" value="/admin/accounts/shopper/"' in text(page)
    ticket = ticket_of(page)
    again = text(second_step(client, ticket, wrong_at(clerk), next="/admin/x/"))
    assert 'name="next" value="/admin/x/"' in again
    away = second_step(client, ticket, recovery[0], next="https://evil.example/")
    assert "请1秒后再试" in text(away)


def test_login_by_code_leads_to_no_other_host(clerk, recovery):
    ticket = login_ticket_make(user=clerk)
    code = code_at(clerk)
    answer = second_step(Client(), ticket, code, next="https://evil.example/")
    assert answer["Location"] == "/admin/"


def test_a_code_works_once(clerk, recovery, clock):
    ticket, code = login_ticket_make(user=clerk), code_at(clerk)
    assert second_step(Client(), ticket, code).status_code == 302
    assert "验证码不正确" in text(second_step(Client(), ticket, code))
    # Nor does the one before it, which was never spent.
    clock.moment = NOW + timedelta(seconds=2)
    before = code_at(clerk, NOW - timedelta(seconds=30))
    assert "验证码不正确" in text(second_step(Client(), ticket, before))
    clock.moment = NOW + timedelta(seconds=60)
    following = code_at(clerk, clock.moment)
    assert second_step(Client(), ticket, following).status_code == 302


@pytest.mark.parametrize(
    ("seconds", "is_right"), [(30, 1), (-30, 1), (60, 0), (-60, 0)]
)
def test_clocks_may_differ_by_half_a_minute(clerk, recovery, seconds, is_right):
    code = code_at(clerk, NOW + timedelta(seconds=seconds))
    answer = second_step(Client(), login_ticket_make(user=clerk), code)
    assert (answer.status_code == 302) == is_right


def test_a_recovery_code_works_once(clerk, recovery, clock):
    ticket = login_ticket_make(user=clerk)
    typed = f"{recovery[3][:5]}-{recovery[3][5:]}".upper()
    assert second_step(Client(), ticket, typed).status_code == 302
    assert "验证码不正确" in text(second_step(Client(), ticket, typed))
    clock.moment = NOW + timedelta(seconds=5)
    assert "恢复码还剩 9 个" in text(browser(clerk).get(PAGE))


@pytest.mark.django_db(transaction=True)
def test_of_two_logins_with_the_same_code_at_once_one_succeeds(recovery, clerk):
    barrier, code = Barrier(2), code_at(clerk)

    def spend(_):
        barrier.wait()
        try:
            second_factor_check(
                request=RequestFactory().post(STEP), user=clerk, code=code
            )
        except OtpInvalid:
            return "refused"
        return "let in"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(alone(spend), range(2))) == ["let in", "refused"]


def test_wrong_codes_lock_as_wrong_passwords_do(clerk, recovery, clock):
    ticket = login_ticket_make(user=clerk)
    for number in range(5):
        clock.moment = NOW + timedelta(minutes=number)
        answer = second_step(Client(), ticket, wrong_at(clerk, clock.moment))
        assert answer.status_code == (429 if number == 4 else 200)
    assert LOCKED in text(answer, 429)
    clock.moment += timedelta(minutes=10)
    right = code_at(clerk, clock.moment)
    assert LOCKED in text(second_step(Client(), ticket, right), 429)
    assert LOCKED in text(first_step(Client()), 429)
    assert slug(api_login(otp=right)) == (429, "rate_limited")
    assert LoginFailure.objects.count() == 5
    assert AdminSession.objects.count() == 0


def test_a_right_password_forgives_nothing(clerk, recovery):
    """Else who has the password would guess codes without end."""
    first_step(Client(), password="wrong")
    page = first_step(Client())
    second_step(Client(), ticket_of(page), wrong_at(clerk))
    attempts = AccessAttempt.objects.values_list("failures_since_start", flat=True)
    assert sum(attempts) == 2
    client = Client()
    recover = recovery[0]
    TotpDevice.objects.update(throttling_failure_count=0)
    assert second_step(client, ticket_of(page), recover).status_code == 302
    assert AccessAttempt.objects.count() == 0


def test_after_a_wrong_code_the_account_waits_twice_as_long(clerk, recovery, clock):
    request = RequestFactory().post(STEP)

    def told(code):
        try:
            second_factor_check(request=request, user=clerk, code=code)
        except (OtpInvalid, RateLimited) as error:
            return error.message, error.retry_after_seconds
        return "let in", None

    def wait(seconds):
        clock.moment += timedelta(seconds=seconds)

    refused = ("验证码不正确", None)
    assert told(wrong_at(clerk)) == refused
    assert told(code_at(clerk)) == ("验证码连续输错,请1秒后再试", 1)
    wait(1)
    assert told(wrong_at(clerk)) == refused
    wait(0.5)
    assert told(code_at(clerk)) == ("验证码连续输错,请2秒后再试", 2)
    # What was not looked at is neither spent nor counted.
    assert LoginFailure.objects.count() == 2
    wait(1.5)
    assert told(code_at(clerk)) == ("let in", None)
    assert TotpDevice.objects.get().throttling_failure_count == 0


def test_a_ticket_is_for_five_minutes_and_this_password(clerk, recovery, monkeypatch):
    ticket = login_ticket_make(user=clerk)
    for odd in ("", "x", ticket[:-1], f"{ticket}x"):
        answer = second_step(Client(), odd, code_at(clerk))
        assert answer["Location"] == "/admin/login/"
    staff_password_set(actor_id=clerk.pk, user_id=clerk.pk, password="another-long-8")
    answer = second_step(Client(), ticket, code_at(clerk))
    assert answer["Location"] == "/admin/login/"
    clerk.refresh_from_db()
    late = login_ticket_make(user=clerk)
    five_minutes_on = SimpleNamespace(time=lambda: time.time() + 301)
    monkeypatch.setattr("django.core.signing.time", five_minutes_on)
    answer = second_step(Client(), late, code_at(clerk))
    assert answer["Location"] == "/admin/login/"
    assert "登录已超时,请重新输入密码" in text(Client().post(STEP, follow=True))
    assert User.objects.get().last_login is None


def test_who_was_deactivated_meanwhile_stays_out(clerk, recovery):
    ticket = login_ticket_make(user=clerk)
    User.objects.update(is_active=False)
    assert second_step(Client(), ticket, code_at(clerk))["Location"] == "/admin/login/"


def test_the_step_is_no_page_to_be_read_and_wants_the_csrf_token(clerk, recovery):
    assert Client().get(STEP)["Location"] == "/admin/login/"
    ticket = login_ticket_make(user=clerk)
    strict = Client(enforce_csrf_checks=True)
    assert second_step(strict, ticket, code_at(clerk)).status_code == 403
    assert AdminSession.objects.count() == 0


# --- the API's staff login ------------------------------------------------------------


def test_the_api_asks_for_it_too(clerk, recovery):
    assert slug(api_login()) == (401, "otp_required")
    assert slug(api_login(otp="")) == (401, "otp_required")
    assert LoginFailure.objects.count() == 0
    assert slug(api_login(password="wrong", otp=code_at(clerk))) == (
        401,
        "login_failed",
    )
    assert slug(api_login(otp=wrong_at(clerk))) == (401, "otp_invalid")
    assert Session.objects.count() == 0
    answer = api_login(otp=code_at(clerk))
    assert slug(answer) == (429, "rate_limited")
    assert answer.headers["Retry-After"] == "1"


def test_the_api_lets_in_by_code_and_by_recovery_code(clerk, recovery):
    assert api_login(otp=code_at(clerk)).status_code == 200
    assert slug(api_login(otp=code_at(clerk))) == (401, "otp_invalid")
    TotpDevice.objects.update(throttling_failure_count=0)
    assert api_login(otp=recovery[0]).status_code == 200
    assert Session.objects.count() == 2


def test_the_api_asks_nobody_else(clerk):
    assert api_login().status_code == 200
    assert api_login(otp="123456").status_code == 200


def test_statements_of_its_pages(clerk, recovery, django_assert_max_num_queries):
    client = browser(clerk)
    with django_assert_max_num_queries(15):
        text(client.get(PAGE))
    with django_assert_max_num_queries(15):
        ticket = ticket_of(first_step(Client()))
    # The lock-out's and the session's own among them.
    with django_assert_max_num_queries(30):
        second_step(Client(), ticket, code_at(clerk))


# --- turning it off -------------------------------------------------------------------


def test_it_is_turned_off_by_password_and_code(clerk, recovery):
    client = browser(clerk)
    for body, told in (
        ({"password": "wrong", "code": code_at(clerk)}, "密码错误"),
        ({"password": "", "code": code_at(clerk)}, "密码不能为空"),
        ({"password": PASSWORD, "code": ""}, "验证码不能为空"),
        ({"password": PASSWORD, "code": wrong_at(clerk)}, "验证码不正确"),
    ):
        assert told in text(client.post(PAGE, body))
        assert TotpDevice.objects.exists()
    assert LoginFailure.objects.count() == 2
    TotpDevice.objects.update(throttling_failure_count=0)
    body = {"password": PASSWORD, "code": code_at(clerk)}
    assert "已关闭两步验证" in text(client.post(PAGE, body, follow=True))
    assert not TotpDevice.objects.exists()
    assert first_step(Client())["Location"] == "/admin/"


def test_a_borrowed_session_guesses_no_password(clerk, recovery):
    client = browser(clerk)
    body = {"password": "wrong", "code": "1"}
    assert [client.post(PAGE, body).status_code for _ in range(5)] == [200] * 4 + [429]
    body = {"password": PASSWORD, "code": code_at(clerk)}
    assert LOCKED in text(client.post(PAGE, body), 429)
    assert TotpDevice.objects.exists()


# --- resetting it for somebody ------------------------------------------------------


@pytest.fixture
def owner(db):
    owner = User.objects.create_user("owner", PASSWORD)
    owner.groups.add(Group.objects.get(name="店主"))
    return owner


def reset(client, user):
    url = f"/admin/accounts/staff/{user.pk}/reset_second_factor/"
    return client.post(url, follow=True)


def test_an_owner_resets_it_and_sessions_end(owner, clerk, recovery):
    theirs, api = browser(clerk), client_of(clerk)
    client = browser(owner)
    page = f"/admin/accounts/staff/{clerk.pk}/change/"
    assert "重置两步验证" in text(client.get(page))
    assert "已重置两步验证" in text(reset(client, clerk))
    assert not TotpDevice.objects.exists()
    assert theirs.get("/admin/").status_code == 302
    assert api.get("/api/auth/user").status_code == 401
    assert "已重置两步验证" in LogEntry.objects.get().change_message
    assert "重置两步验证" not in text(client.get(page))
    assert "账号状态已变化" in text(reset(client, clerk))


def test_nobody_else_resets_it(owner, clerk, recovery, staff):
    clerk.groups.add(Group.objects.get(name="客服"))
    mate = User.objects.create_user("mate", PASSWORD)
    mate.groups.add(Group.objects.get(name="客服"))
    for actor, user in ((mate, clerk), (clerk, clerk), (owner, staff)):
        assert reset(browser(actor), user).status_code == 403
    for actor, user in ((clerk, clerk), (owner, staff)):
        with pytest.raises(Forbidden):
            second_factor_reset(actor_id=actor.pk, user_id=user.pk)
    assert TotpDevice.objects.exists()


def test_an_operator_resets_it_for_whom_nobody_else_can_help(clerk, recovery, capsys):
    theirs = browser(clerk)
    for name in ("nobody", "clerk-2"):
        with pytest.raises(CommandError, match="no second factor is on"):
            call_command("staff_code_reset", username=name)
    assert TotpDevice.objects.exists()
    call_command("staff_code_reset", username="clerk")
    told = capsys.readouterr().out
    assert told == "staff account clerk: second factor turned off\n"
    assert not TotpDevice.objects.exists()
    assert theirs.get("/admin/").status_code == 302


def test_invalid_is_what_the_service_says_of_a_wrong_code(clerk):
    _, sealed = enrolment_make(user=clerk)
    with pytest.raises(Invalid):
        turn_on(clerk, sealed, "000000")
