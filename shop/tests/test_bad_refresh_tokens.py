"""Refresh tokens that are none: they neither refresh nor end a session."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import session_open
from shop.tests.bad_tokens import (
    INVALID,
    SAID,
    buried,
    dead_make,
    forged,
    misused,
    read,
)
from shop.tests.conftest import assert_envelope
from shop.tests.tables import changes, rows

# Logging out once more is no fault: there is no such session any more.
ENDED_ALREADY = {"another's id", "another's session", "no such session"}


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
def test_no_token_but_a_refresh_token_refreshes_or_ends_a_session(
    api: APIClient, shopper: User, settings: Any, path: str
) -> None:
    settings.RATELIMIT_ENABLE = False
    dead, pair = dead_make(), session_open(user=shopper)
    claims = read(pair.refresh_token)
    cases = {
        **{name: (one, INVALID) for name, one in forged(claims).items()},
        **misused(claims, dead),
        **{name: (token, INVALID) for name, (token, _) in buried(dead).items()},
        "access": (pair.token, INVALID),
    }
    # The serializer has refused those already, with 400.
    for name in ("NUL", "huge", "huge and signed"):
        del cases[name]
    before = rows()
    for name, (token, slug) in cases.items():
        answer = api.post(path, {"refreshToken": token}, format="json")
        if path.endswith("logout") and name in ENDED_ALREADY:
            assert answer.status_code == 200
        else:
            assert_envelope(answer, 401, slug, SAID[slug])
    assert changes(before, rows()) == {}
    good = {"refreshToken": pair.refresh_token}
    assert api.post(path, good, format="json").status_code == 200
