"""A login of the admin asks for a code after the password."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session as AdminSession
from django.test import Client, RequestFactory

from accounts.errors import OtpInvalid
from accounts.models import LoginFailure, User
from accounts.services import login_ticket_make, second_factor_check, staff_password_set
from accounts.tests.second_factor.codes import (
    NOW,
    PAGE,
    STEP,
    browser,
    code_at,
    first_step,
    second_step,
    text,
    ticket_of,
    wrong_at,
)
from conftest import alone


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


def test_statements_of_its_pages(clerk, recovery, django_assert_max_num_queries):
    client = browser(clerk)
    with django_assert_max_num_queries(15):
        text(client.get(PAGE))
    with django_assert_max_num_queries(15):
        ticket = ticket_of(first_step(Client()))
    # The lock-out's and the session's own among them.
    with django_assert_max_num_queries(30):
        second_step(Client(), ticket, code_at(clerk))
