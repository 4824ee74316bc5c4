"""Wrong codes lock as wrong passwords do, and make the account wait."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session as AdminSession
from django.test import Client, RequestFactory

from accounts.errors import OtpInvalid
from accounts.models import LoginFailure, TotpDevice
from accounts.services import login_ticket_make, second_factor_check
from accounts.tests.second_factor.codes import (
    LOCKED,
    NOW,
    STEP,
    api_login,
    code_at,
    first_step,
    second_step,
    slug,
    text,
    ticket_of,
    wrong_at,
)
from shop.errors import RateLimited


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
