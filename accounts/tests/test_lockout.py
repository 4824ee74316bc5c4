"""The lock-out: three limits for the admin's login and the API's together."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from types import SimpleNamespace

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session as AdminSession
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.jobs import sessions_flush
from accounts.models import LoginFailure, Session, User

RIGHT = "a-long-password-9"
WRONG = "wrong"
HOME = "198.51.100.1"
LOCKED = "登录失败次数过多,请稍后再试"
LOCKED_BODY = {"code": 429, "message": LOCKED, "data": {"error": "rate_limited"}}


@pytest.fixture(autouse=True)
def _lockout_alone(settings):
    settings.RATELIMIT_ENABLE = False


def api_login(name="boss", password=WRONG, address=HOME, **headers):
    body = {"username": name, "password": password}
    return APIClient().post(
        "/api/auth/staff/login", body, format="json", REMOTE_ADDR=address, **headers
    )


def admin_login(name="boss", password=WRONG, address=HOME, client=None, **headers):
    body = {"username": name, "password": password}
    return (client or Client()).post(
        "/admin/login/", body, REMOTE_ADDR=address, **headers
    )


def statuses(login, times, **arguments):
    return [login(**arguments).status_code for _ in range(times)]


def assert_api_locked(answer):
    assert (answer.status_code, answer.json()) == (429, LOCKED_BODY)
    assert answer.headers["Retry-After"] == "3600"


def assert_page_locked(answer):
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3600"
    page = answer.content.decode()
    assert LOCKED in page
    assert "最多 60 分钟后可以重新登录" in page


def failures():
    return sum(AccessAttempt.objects.values_list("failures_since_start", flat=True))


def fill(count, *, name="boss", address=None):
    """Write failures as axes does, each from an address of its own if none is given."""
    for number in range(count):
        AccessAttempt.objects.create(
            username=name or f"name-{number}",
            ip_address=address or f"203.0.113.{number}",
            failures_since_start=1,
        )


# --- account and address -----------------------------------------------------------


def test_the_fifth_failure_locks_the_account_at_the_address(staff):
    assert statuses(api_login, 4) == [401] * 4
    assert_api_locked(api_login())
    assert_api_locked(api_login(password=RIGHT))
    assert_page_locked(admin_login(password=RIGHT))
    assert Session.objects.count() == AdminSession.objects.count() == 0


def test_other_addresses_and_other_accounts_go_on(staff):
    statuses(api_login, 5)
    assert api_login(password=RIGHT, address="198.51.100.2").status_code == 200
    assert api_login("clerk").status_code == 401
    assert admin_login(password=RIGHT, address="198.51.100.2").status_code == 302


def test_admin_and_api_count_together(staff):
    assert statuses(admin_login, 2) == [200] * 2
    assert statuses(api_login, 2) == [401] * 2
    assert_page_locked(admin_login())
    assert_api_locked(api_login(password=RIGHT))


def test_an_account_that_does_not_exist_is_answered_alike(staff):
    for login in (api_login, admin_login):
        for _ in range(5):
            known, unknown = login("boss"), login("nobody")
            assert known.status_code == unknown.status_code
            if login is api_login:
                assert known.json() == unknown.json()
    assert_api_locked(api_login("nobody"))
    assert_page_locked(admin_login("nobody"))


def test_one_ipv6_network_is_one_address(staff):
    for number in range(4):
        address = f"2001:db8:1:2::{number}"
        assert api_login(address=address).status_code == 401
    assert_api_locked(api_login(address="2001:db8:1:2:ffff::1"))
    assert api_login(address="2001:db8:1:3::1").status_code == 401


def test_another_browser_is_no_way_out(staff):
    for number in range(4):
        assert api_login(HTTP_USER_AGENT=f"browser {number}").status_code == 401
    assert_api_locked(api_login(HTTP_USER_AGENT="another"))


def test_two_hundred_guesses_with_made_up_addresses(staff):
    for number in range(100):
        forwarded = {
            "HTTP_X_FORWARDED_FOR": f"203.0.113.{number}, 192.0.2.{number}",
            "HTTP_X_REAL_IP": f"203.0.113.{number}",
            "HTTP_FORWARDED": f"for=203.0.113.{number}",
        }
        first, second = api_login(**forwarded), admin_login(**forwarded)
        if number > 2:
            assert first.status_code == second.status_code == 429
    assert failures() == 5
    assert_api_locked(api_login(password=RIGHT))


def test_behind_a_proxy_its_word_counts(staff, settings):
    settings.TRUSTED_PROXY_HOPS = 1
    for number in range(5):
        api_login(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}, 192.0.2.7")
    locked = api_login(password=RIGHT, HTTP_X_FORWARDED_FOR="192.0.2.7")
    assert_api_locked(locked)
    free = api_login(password=RIGHT, HTTP_X_FORWARDED_FOR="192.0.2.7, 192.0.2.8")
    assert free.status_code == 200


# --- account, address --------------------------------------------------------------


@pytest.mark.parametrize("name", ["boss", "nobody"])
def test_the_fiftieth_failure_locks_the_account_everywhere(staff, name):
    fill(48, name=name)
    assert api_login(name, RIGHT + "x").status_code == 401
    assert_api_locked(api_login(name, RIGHT + "x"))
    assert_api_locked(api_login(name, RIGHT, address="198.51.100.99"))
    assert_page_locked(admin_login(name, RIGHT, address="198.51.100.98"))


def test_the_hundredth_failure_locks_the_address_for_all_accounts(staff):
    fill(98, name=None, address=HOME)
    assert api_login("clerk").status_code == 401
    assert_page_locked(admin_login("somebody"))
    assert_api_locked(api_login(password=RIGHT))
    assert api_login(password=RIGHT, address="198.51.100.2").status_code == 200


def test_limits_are_settings(staff, settings):
    settings.LOCKOUT_LIMITS = {"account_and_address": 2, "account": 3, "address": 9}
    assert api_login().status_code == 401
    assert_api_locked(api_login())
    assert_api_locked(api_login(address="198.51.100.2"))


# --- the end of a lock -------------------------------------------------------------


def age(**span):
    moment = timezone.now() - timedelta(**span)
    AccessAttempt.objects.update(attempt_time=moment)


def test_a_lock_ends_an_hour_after_the_last_failure_and_counting_begins_anew(staff):
    statuses(api_login, 5)
    age(minutes=59)
    assert_api_locked(api_login(password=RIGHT))
    age(minutes=61)
    assert statuses(api_login, 4) == [401] * 4
    assert_api_locked(api_login())


def test_guesses_under_a_lock_do_not_make_it_longer(staff):
    statuses(api_login, 5)
    age(minutes=59)
    statuses(api_login, 3)
    statuses(admin_login, 3)
    assert failures() == 5
    assert AccessAttempt.objects.get().attempt_time < timezone.now() - timedelta(
        minutes=58
    )


@pytest.mark.parametrize("login", [api_login, admin_login])
def test_a_success_forgives_the_account_at_the_address_alone(staff, login):
    statuses(api_login, 4)
    statuses(api_login, 4, address="198.51.100.2")
    statuses(api_login, 4, name="clerk")
    assert login(password=RIGHT).status_code in {200, 302}
    assert failures() == 8
    assert statuses(api_login, 4) == [401] * 4
    assert_api_locked(api_login(address="198.51.100.2"))
    assert User.objects.get().last_login is not None


@pytest.mark.parametrize(
    "command",
    [
        ("axes_reset",),
        ("axes_reset_username", "boss"),
        ("axes_reset_ip", HOME),
        ("axes_reset_ip_username", HOME, "boss"),
    ],
)
def test_operators_unlock(staff, command, capsys):
    statuses(api_login, 5)
    call_command(*command)
    assert capsys.readouterr().out == "1 attempts removed.\n"
    assert api_login(password=RIGHT).status_code == 200


def test_nightly_job_deletes_what_nobody_needs(staff):
    statuses(api_login, 5)
    admin_login(password=RIGHT, address="198.51.100.2")
    AdminSession.objects.create(
        session_key="old", expire_date=timezone.now() - timedelta(seconds=1)
    )
    assert sessions_flush(timestamp=0) == 1
    age(minutes=61)
    LoginFailure.objects.filter(pk=LoginFailure.objects.first().pk).update(
        attempt_time=timezone.now() - timedelta(days=31)
    )
    assert sessions_flush(timestamp=0) == 2
    assert (AccessAttempt.objects.count(), LoginFailure.objects.count()) == (0, 4)
    assert AdminSession.objects.count() == 1


# --- races, odd input --------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_first_failures_at_once_are_both_counted(staff):
    barrier = Barrier(2)

    def guess(_):
        barrier.wait()
        try:
            return api_login().status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(guess, range(2))) == [401, 401]
    assert failures() == 2
    assert LoginFailure.objects.count() == 2


@pytest.mark.parametrize("name", ["n" * 5000, "名" * 300, "a' OR 1=1 --", "<b>x</b>"])
def test_odd_names_are_counted(staff, name):
    assert statuses(admin_login, 4, name=name) == [200] * 4
    assert_page_locked(admin_login(name))


def test_a_nul_in_the_name_is_refused(staff):
    assert admin_login("a\0b").status_code == 200
    assert api_login("a\0b").status_code == 400


@pytest.mark.parametrize("address", ["", "no address"])
def test_a_request_without_an_address_is_counted(staff, address):
    assert statuses(api_login, 4, address=address) == [401] * 4
    assert_api_locked(api_login(address=address))


def test_the_record_keeps_no_password(staff):
    api_login(password="s3cret-canary")
    admin_login(password="s3cret-canary")
    for model in (AccessAttempt, LoginFailure):
        assert "s3cret-canary" not in str(list(model.objects.values()))
    doors = LoginFailure.objects.order_by("pk").values_list("path_info", flat=True)
    assert list(doors) == ["/api/auth/staff/login", "/admin/login/"]


# --- the rate limit, and the cookie ------------------------------------------------


def test_admin_and_api_share_the_rate_limit(staff, settings, monkeypatch):
    still = SimpleNamespace(time=lambda: 1_800_000_000)
    monkeypatch.setattr("django_ratelimit.core.time", still)
    settings.RATELIMIT_ENABLE = True
    settings.RATELIMITS = settings.RATELIMITS | {"staff_login": "2/300s"}
    assert admin_login(password=RIGHT, address="198.51.100.2").status_code == 302
    assert api_login().status_code == 401
    page = admin_login(" BOSS ", RIGHT, address="198.51.100.3")
    assert page.status_code == 200
    assert "请求过于频繁,请稍后再试" in page.content.decode()
    assert api_login(password=RIGHT).status_code == 429
    assert AdminSession.objects.count() == 1


def test_no_admin_login_without_the_counter(staff, settings):
    settings.RATELIMIT_ENABLE = True
    dead = {"LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {name: one | dead for name, one in settings.CACHES.items()}
    page = admin_login(password=RIGHT)
    assert "服务暂时不可用,请稍后再试" in page.content.decode()
    assert AdminSession.objects.count() == 0


def test_cookie_of_the_admin(staff):
    cookie = admin_login(password=RIGHT).cookies["sessionid"]
    assert cookie["max-age"] == 12 * 3600
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"


def test_login_leads_to_no_other_host(staff):
    answer = Client().post(
        "/admin/login/?next=https://evil.example/",
        {"username": "boss", "password": RIGHT, "next": "https://evil.example/"},
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
