"""A clerk, whose second factor may be on, and a clock that stands still."""

from base64 import b32decode
from datetime import timedelta
from types import SimpleNamespace

import pytest

from accounts.models import User
from accounts.services import enrolment_make
from accounts.tests.second_factor.codes import NOW, PASSWORD, code_of, turn_on


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Stop the clock by which codes come and go; a test moves it on."""
    clock = SimpleNamespace(moment=NOW)
    fake = SimpleNamespace(now=lambda: clock.moment)
    monkeypatch.setattr("accounts.services.second_factor.timezone", fake)
    monkeypatch.setattr("django_otp.models.timezone", fake)
    return clock


@pytest.fixture
def clerk(db):
    return User.objects.create_user("clerk", PASSWORD)


@pytest.fixture
def recovery(clerk, clock):
    """Turn it on for the clerk, five minutes ago; return the recovery codes."""
    clock.moment = NOW - timedelta(minutes=5)
    key, sealed = enrolment_make(user=clerk)
    code = code_of(b32decode(key), clock.moment)
    codes = turn_on(clerk, sealed, code)
    clock.moment = NOW
    return codes
