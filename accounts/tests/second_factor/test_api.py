"""The API's staff login asks for a code in the field `otp`."""

from accounts.models import LoginFailure, Session, TotpDevice
from accounts.tests.second_factor.codes import api_login, code_at, slug, wrong_at


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
