"""The bearer token of each request: who is let in, and how the rest is told."""

import base64
import json
from datetime import datetime, timedelta
from types import SimpleNamespace

import jwt
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tokens
from accounts.models import Session, User
from accounts.services import session_open, sessions_end_all

NOT_AUTHENTICATED = ("not_authenticated", "未登录")
EXPIRED = ("token_expired", "Token已过期")
INVALID = ("token_invalid", "Token无效")
NO_USER = ("user_not_found", "用户不存在")


def ask(api, header=None):
    if header is not None:
        api.credentials(HTTP_AUTHORIZATION=header)
    return api.get("/api/auth/user")


def refused(answer):
    body = answer.json()
    assert (answer.status_code, body["code"]) == (401, 401)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert list(body["data"]) == ["error"]
    return body["data"]["error"], body["message"]


@pytest.fixture
def claims(shopper):
    """The claims of a token that is good."""
    session_open(user=shopper)
    now = timezone.now()
    return {
        "token_type": "access",
        "userId": shopper.pk,
        "sid": Session.objects.get().pk.hex,
        "jti": "0" * 32,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(hours=1)).timestamp()),
    }


def signed(claims, key=None, algorithm="HS256"):
    key = settings.SIMPLE_JWT["SIGNING_KEY"] if key is None else key
    return "Bearer " + jwt.encode(claims, key, algorithm=algorithm)


def test_good_token(api, claims):
    assert ask(api, signed(claims)).status_code == 200


def test_scheme_in_lower_case(api, claims):
    header = signed(claims).replace("Bearer", "bearer")
    assert ask(api, header).status_code == 200


def test_what_a_token_says(shopper):
    tokens = session_open(user=shopper)
    session = Session.objects.get()
    access, refresh = (
        jwt.decode(token, settings.SIMPLE_JWT["SIGNING_KEY"], algorithms=["HS256"])
        for token in (tokens.token, tokens.refresh_token)
    )
    assert set(access) == {"token_type", "userId", "sid", "jti", "iat", "exp"}
    assert access["userId"] == refresh["userId"] == shopper.pk
    assert access["sid"] == refresh["sid"] == session.pk.hex
    assert (access["token_type"], refresh["token_type"]) == ("access", "refresh")
    assert access["exp"] - access["iat"] == 7 * 24 * 3600
    assert refresh["exp"] - refresh["iat"] == 30 * 24 * 3600
    assert refresh["exp"] == int(session.expires_at.timestamp())
    assert tokens.token not in repr(tokens)
    assert tokens.refresh_token not in repr(tokens)


@pytest.mark.parametrize("header", [None, "", "   ", "Basic dXNlcjpwYXNz", "Token a"])
def test_no_bearer_token(api, header):
    assert refused(ask(api, header)) == NOT_AUTHENTICATED


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a",
        "Bearer a.b.c",
        "Bearer ...",
        "Bearer \xff\xfe.\xff.\xff",
        "Bearer " + "a" * 7000,
    ],
)
def test_malformed_header(api, header):
    assert refused(ask(api, header)) == INVALID


def _segment(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "head", ["[" * 5000, "[]", "7", '{"alg": []}', '{"alg": null}']
)
def test_hostile_token_head(api, head):
    header = f"Bearer {_segment(head)}.{_segment('{}')}.AAAA"
    assert refused(ask(api, header)) == INVALID


def test_no_algorithm(api, claims):
    head = _segment(json.dumps({"alg": "none", "typ": "JWT"}))
    body = _segment(json.dumps(claims))
    for signature in ("", "AAAA"):
        assert refused(ask(api, f"Bearer {head}.{body}.{signature}")) == INVALID


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_other_algorithm(api, claims, algorithm):
    key = settings.SIMPLE_JWT["SIGNING_KEY"].ljust(64, "0")
    assert refused(ask(api, signed(claims, algorithm=algorithm))) == INVALID
    assert refused(ask(api, signed(claims, key, algorithm))) == INVALID


def test_other_key(api, claims):
    assert refused(ask(api, signed(claims, "0" * 40))) == INVALID
    assert settings.SIMPLE_JWT["SIGNING_KEY"] != settings.SECRET_KEY
    assert refused(ask(api, signed(claims, settings.SECRET_KEY))) == INVALID


def test_changed_claim(api, claims):
    head, _, signature = signed(claims).removeprefix("Bearer ").split(".")
    body = _segment(json.dumps(claims | {"userId": claims["userId"] + 1}))
    assert refused(ask(api, f"Bearer {head}.{body}.{signature}")) == INVALID


def test_refresh_token_as_access_token(api, shopper):
    token = session_open(user=shopper).refresh_token
    assert refused(ask(api, f"Bearer {token}")) == INVALID


def test_expired(api, claims):
    claims["exp"] = claims["iat"] - 11
    assert refused(ask(api, signed(claims))) == EXPIRED


def test_a_token_that_was_good_expires(api, claims, monkeypatch):
    header = signed(claims)
    assert [ask(api, header).status_code for _ in range(2)] == [200, 200]

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(claims["exp"] + 10, tz)

    later = SimpleNamespace(time=lambda: Later.now().timestamp())
    monkeypatch.setattr("accounts.tokens.time", later)
    assert ask(api, header).status_code == 200
    monkeypatch.setattr("jwt.api_jwt.datetime", Later)
    assert refused(ask(api, header)) == EXPIRED


def test_a_token_is_verified_once(api, claims):
    tokens._access_known.cache_clear()
    header = signed(claims)
    assert [ask(api, header).status_code for _ in range(3)] == [200] * 3
    verified = tokens._access_known.cache_info()
    assert (verified.misses, verified.hits) == (1, 2)
    sessions_end_all(user_id=claims["userId"])
    assert refused(ask(api, header)) == INVALID


def test_a_refused_token_is_not_kept(api, claims):
    tokens._access_known.cache_clear()
    forged = signed(claims, key="x" * 32)
    assert [refused(ask(api, forged)) for _ in range(2)] == [INVALID] * 2
    verified = tokens._access_known.cache_info()
    assert (verified.misses, verified.hits, verified.currsize) == (2, 0, 0)


def test_clocks_of_nodes_differ_a_little(api, claims):
    now = claims["iat"]
    assert ask(api, signed(claims | {"iat": now + 8})).status_code == 200
    assert ask(api, signed(claims | {"exp": now - 5})).status_code == 200
    assert refused(ask(api, signed(claims | {"iat": now + 60}))) == INVALID


@pytest.mark.parametrize("name", ["token_type", "userId", "sid", "jti", "exp"])
def test_missing_claim(api, claims, name):
    del claims[name]
    assert refused(ask(api, signed(claims))) == INVALID


@pytest.mark.parametrize("sid", ["", "x", 7, None, [], "0" * 32])
def test_session_that_is_none(api, claims, sid):
    claims["sid"] = sid
    assert refused(ask(api, signed(claims))) == INVALID


@pytest.mark.parametrize("claim", ["iss", "aud"])
def test_a_token_for_others_that_our_key_has_signed(api, claims, claim):
    claims[claim] = "shop"
    assert refused(ask(api, signed(claims))) == INVALID


def test_time_that_no_calendar_has(api, claims):
    assert refused(ask(api, signed(claims | {"exp": 10**20}))) == INVALID


@pytest.mark.parametrize("user_id", [None, "x", [], float("inf")])
def test_user_id_that_is_none(api, claims, user_id):
    claims["userId"] = user_id
    assert refused(ask(api, signed(claims))) == INVALID


def test_user_id_beyond_the_column(api, claims):
    claims["userId"] = 10**22
    assert refused(ask(api, signed(claims))) == NO_USER


def test_session_of_somebody_else(api, claims, other_shopper):
    claims["userId"] = other_shopper.pk
    assert refused(ask(api, signed(claims))) == INVALID


def test_ended_session(shopper_api, shopper):
    assert ask(shopper_api).status_code == 200
    sessions_end_all(user_id=shopper.pk)
    assert refused(ask(shopper_api)) == INVALID


def test_deactivated_user(shopper_api, shopper):
    User.objects.filter(pk=shopper.pk).update(is_active=False)
    assert refused(ask(shopper_api)) == NO_USER


def test_user_who_is_gone(shopper_api, shopper):
    shopper.delete()
    assert refused(ask(shopper_api)) == NO_USER


def test_staff_token_on_a_shoppers_route(staff_api):
    answer = ask(staff_api)
    assert answer.status_code == 403
    assert answer.json() == {
        "code": 403,
        "message": "没有权限",
        "data": {"error": "forbidden"},
    }


def test_one_statement(shopper_api):
    with CaptureQueriesContext(connection) as queries:
        assert ask(shopper_api).status_code == 200
    assert len(queries) == 1


def test_unknown_route_needs_no_token(api):
    api.credentials(HTTP_AUTHORIZATION="Bearer a b")
    assert api.get("/api/nothing").json()["data"] == {"error": "not_found"}
