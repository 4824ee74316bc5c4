"""Two hundred guesses at a time through the real nginx: who is locked out, and not."""

from base64 import b32decode
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session as AdminSession
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import Session, TotpDevice, User
from accounts.services import (
    enrolment_make,
    login_ticket_make,
    second_factor_turn_on,
)
from accounts.tests.second_factor.codes import code_of
from conftest import wait_until
from deploy.tests.long.forms import by_form, made_up
from deploy.tests.site import Answer, Site
from torture.findings import findings_record

# Each guess that is looked at costs a million rounds of the hash.
pytestmark = [pytest.mark.xdist_group("nginx"), pytest.mark.timeout(1200)]

GUESSES = 200
RIGHT = "a-long-password-9"
LOCKED = "登录失败次数过多,请稍后再试"
FLOODED = "请求过于频繁"
# Of no account's guesser.
HOME = "127.0.9.1"


@pytest.fixture
def boss(transactional_db: None) -> User:
    return User.objects.create_superuser("boss", RIGHT)


def rotating(block: int) -> Iterator[str]:
    """Yield addresses of loopback, each another client to nginx."""
    return (f"127.0.{block}.{number}" for number in range(1, 255))


def by_api(site: Site, name: str, password: str, source: str, number: int) -> Answer:
    return site.call(
        "POST",
        "/api/auth/staff/login",
        {"username": name, "password": password},
        made_up(number),
        source=source,
    )


def by_page(site: Site, name: str, password: str, source: str, number: int) -> Answer:
    path = "/admin/login/"
    return by_form(site, path, source, number, username=name, password=password)


def verdict(answer: Answer) -> str:
    """Return how a guess was met: looked at and wrong, or not looked at any more."""
    if answer.status == 429 and LOCKED in answer.body.decode():
        return "locked"
    assert answer.status in {200, 401}, answer.body
    return "wrong"


def past_the_flood(ask: Callable[[], Answer]) -> Answer:
    """Ask again for as long as nginx holds the address up."""
    found: list[Answer] = []

    def is_through() -> bool:
        found.append(ask())
        return found[-1].status != 429 or FLOODED not in found[-1].body.decode()

    wait_until(is_through, "nginx lets nothing through")
    return found[-1]


def failures() -> int:
    return sum(AccessAttempt.objects.values_list("failures_since_start", flat=True))


def recorded(part: str, tried: str, looked_at: int, then: str) -> None:
    row = {"tried": tried, "guesses": GUESSES, "looked at": looked_at}
    findings_record("guesses", rows=[row | {"the owner": then}], part=part)


def hours_pass() -> None:
    moment = timezone.now() - timedelta(minutes=61)
    AccessAttempt.objects.update(attempt_time=moment)


def test_one_account_from_changing_addresses(site: Site, boss: User) -> None:
    """Locked at the fiftieth guess; whoever is in stays in, and the lock ends."""
    page = by_page(site, "boss", RIGHT, HOME, 0)
    assert page.status == 302
    cookies = [one.partition(";")[0] for one in page.headers.get_all("Set-Cookie", [])]
    ways = (by_api, by_page)
    met = [
        verdict(ways[number % 2](site, "boss", f"guess-{number}", source, number))
        for number, source in zip(range(GUESSES), rotating(10), strict=False)
    ]
    assert Counter(met) == {"wrong": 49, "locked": GUESSES - 49}
    assert met.index("locked") == 49
    assert failures() == 50
    locked = by_api(site, "boss", RIGHT, HOME, 0)
    assert (verdict(locked), locked.headers["Retry-After"]) == ("locked", "3600")
    inside = {"Cookie": "; ".join(cookies)}
    desk = site.call("GET", "/admin/", headers=inside, source=HOME)
    assert desk.status == 200
    hours_pass()
    assert by_api(site, "boss", RIGHT, HOME, 0).status == 200
    recorded(
        "a_account",
        "one account's password, from as many addresses",
        50,
        "stays inside; logs in an hour later",
    )


def test_one_account_from_one_address(site: Site, boss: User) -> None:
    """Locked at the fifth guess, there and nowhere else."""
    source = "127.0.11.1"

    def guess(number: int) -> str:
        def ask() -> Answer:
            return by_api(site, "boss", f"guess-{number}", source, number)

        return verdict(past_the_flood(ask))

    met = [guess(number) for number in range(GUESSES)]
    assert met == ["wrong"] * 4 + ["locked"] * (GUESSES - 4)
    assert failures() == 5
    page = past_the_flood(lambda: by_page(site, "boss", RIGHT, source, 0))
    assert verdict(page) == "locked"
    assert by_page(site, "boss", RIGHT, HOME, 0).status == 302
    recorded(
        "b_account_and_address",
        "one account's password, from one address",
        5,
        "logs in elsewhere at once",
    )


def test_many_accounts_from_one_address(site: Site, boss: User) -> None:
    """Locked at the hundredth guess for every account, there and nowhere else."""
    source = "127.0.12.1"

    def guess(number: int) -> str:
        def ask() -> Answer:
            return by_api(site, f"name-{number}", "guess", source, number)

        return verdict(past_the_flood(ask))

    met = [guess(number) for number in range(GUESSES)]
    assert Counter(met) == {"wrong": 99, "locked": GUESSES - 99}
    assert met.index("locked") == 99
    assert verdict(past_the_flood(lambda: by_api(site, "boss", RIGHT, source, 0))) == (
        "locked"
    )
    assert by_api(site, "boss", RIGHT, HOME, 0).status == 200
    call_command("axes_reset_ip", source)
    freed = past_the_flood(lambda: by_api(site, "boss", RIGHT, source, 0))
    assert freed.status == 200
    recorded(
        "c_address",
        "as many accounts, from one address",
        100,
        "logs in elsewhere at once, there when it is unlocked",
    )


@pytest.fixture
def recovery(boss: User) -> list[str]:
    """Turn the second factor on, and return the codes for a lost phone."""
    key, sealed = enrolment_make(user=boss)
    codes: list[str] = second_factor_turn_on(
        request=RequestFactory().post("/admin/second_factor/"),
        user=boss,
        password=RIGHT,
        sealed=sealed,
        code=code_of(b32decode(key), timezone.now()),
    )
    return codes


def test_codes_of_who_has_the_password(
    site: Site, boss: User, recovery: list[str]
) -> None:
    """After a wrong code the account waits, and every wrong one counts as a guess."""
    ticket, path = login_ticket_make(user=boss), "/admin/login/code/"

    def guess(number: int, source: str, code: str) -> Answer:
        return by_form(site, path, source, number, ticket=ticket, code=code)

    addresses = zip(range(GUESSES), rotating(13), strict=False)
    for number, source in addresses:
        # As if there were no waiting: what is left is the count.
        TotpDevice.objects.update(throttling_failure_count=0)
        answer = guess(number, source, f"{number:06d}")
        assert answer.status in {200, 429}
    assert failures() == 50
    assert guess(0, HOME, recovery[0]).status == 429
    assert Session.objects.count() == AdminSession.objects.count() == 0
    hours_pass()
    TotpDevice.objects.update(throttling_failure_count=0)
    assert guess(0, HOME, recovery[0]).status == 302
    recorded(
        "d_codes",
        "one account's codes, from as many addresses",
        50,
        "logs in an hour later",
    )
