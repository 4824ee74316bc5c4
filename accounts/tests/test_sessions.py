"""POST /api/auth/refresh and /api/auth/logout, and the end of sessions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.jobs import sessions_flush as sessions_flush_job
from accounts.models import Session, User
from accounts.services import (
    session_open,
    session_user,
    sessions_end_all,
    sessions_flush,
)
from accounts.tokens import access_read
from conftest import alone, lock_waiters, wait_until
from shop.retention import BATCH


def refresh(api, token):
    return api.post("/api/auth/refresh", {"refreshToken": token}, format="json")


def logout(api, token):
    return api.post("/api/auth/logout", {"refreshToken": token}, format="json")


def status_with(token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client.get("/api/auth/user").status_code


def error_of(answer):
    return answer.status_code, answer.json()["data"]["error"]


def test_refresh_gives_a_new_pair(api, shopper):
    old = session_open(user=shopper)
    answer = refresh(api, old.refresh_token)
    data = answer.json()["data"]
    assert answer.status_code == 200
    assert sorted(data) == ["expiresIn", "refreshToken", "token"]
    assert data["expiresIn"] == 7 * 24 * 3600
    assert status_with(data["token"]) == 200
    assert refresh(api, data["refreshToken"]).status_code == 200
    assert Session.objects.count() == 1


def test_access_token_outlives_a_refresh(api, shopper):
    old = session_open(user=shopper)
    refresh(api, old.refresh_token)
    assert status_with(old.token) == 200


def test_refresh_token_is_spent(api, shopper):
    old = session_open(user=shopper)
    new = refresh(api, old.refresh_token).json()["data"]
    assert error_of(refresh(api, old.refresh_token)) == (401, "token_invalid")
    # Sending it twice by mistake logs nobody out.
    assert status_with(new["token"]) == 200


def test_refresh_starts_the_lifetime_anew(api, shopper):
    token = session_open(user=shopper).refresh_token
    soon = timezone.now() + timedelta(days=1)
    Session.objects.update(expires_at=soon)
    refresh(api, token)
    assert Session.objects.get().expires_at > soon + timedelta(days=28)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "refreshToken不能为空"),
        ({"refreshToken": ""}, "refreshToken不能为空"),
        ({"refreshToken": []}, "refreshToken格式不正确"),
        ({"refreshToken": "x" * 2001}, "refreshToken长度不能超过2000"),
    ],
)
@pytest.mark.parametrize("route", ["refresh", "logout"])
def test_body_without_token(api, route, body, message):
    answer = api.post(f"/api/auth/{route}", body, format="json")
    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize("send", [refresh, logout])
def test_token_that_is_none(api, shopper, send):
    tokens = session_open(user=shopper)
    for token in ("x", "a.b.c", tokens.token, tokens.refresh_token[:-3] + "AAA"):
        assert error_of(send(api, token)) == (401, "token_invalid")
    assert status_with(tokens.token) == 200


@pytest.mark.parametrize("send", [refresh, logout])
def test_expired_refresh_token(api, shopper, send):
    key = settings.SIMPLE_JWT["SIGNING_KEY"]
    token = session_open(user=shopper).refresh_token
    claims = jwt.decode(token, key, algorithms=["HS256"])
    claims["exp"] = claims["iat"] - 11
    token = jwt.encode(claims, key, algorithm="HS256")
    assert error_of(send(api, token)) == (401, "token_expired")


def test_refresh_of_a_blocked_user(api, shopper):
    token = session_open(user=shopper).refresh_token
    User.objects.update(is_active=False)
    assert error_of(refresh(api, token)) == (401, "user_not_found")


def test_refresh_of_a_user_who_is_gone(api, shopper):
    token = session_open(user=shopper).refresh_token
    shopper.delete()
    assert error_of(refresh(api, token)) == (401, "user_not_found")


def test_twenty_refreshes_at_once_have_one_winner(
    transactional_db, patient_database, shopper
):
    token = session_open(user=shopper).refresh_token
    send = alone(lambda: refresh(APIClient(), token))
    with ThreadPoolExecutor(20) as pool:
        # Whoever wants to write the session waits here, having read the same row.
        with transaction.atomic():
            Session.objects.select_for_update().get()
            sent = [pool.submit(send) for _ in range(20)]
            wait_until(lambda: lock_waiters() == 20)
        answers = [future.result() for future in sent]
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19
    winner = next(answer for answer in answers if answer.status_code == 200)
    next_token = winner.json()["data"]["refreshToken"]
    assert refresh(APIClient(), next_token).status_code == 200


def test_logout_ends_both_tokens(api, shopper):
    tokens = session_open(user=shopper)
    other = session_open(user=shopper)
    answer = logout(api, tokens.refresh_token)
    assert answer.status_code == 200
    assert answer.json() == {"code": 0, "message": "成功", "data": None}
    assert status_with(tokens.token) == 401
    assert error_of(refresh(api, tokens.refresh_token)) == (401, "token_invalid")
    assert status_with(other.token) == 200


def test_logout_again_changes_nothing(api, shopper):
    tokens = session_open(user=shopper)
    logout(api, tokens.refresh_token)
    ended_at = Session.objects.get().ended_at
    assert logout(api, tokens.refresh_token).status_code == 200
    assert Session.objects.get().ended_at == ended_at


def test_logout_with_a_spent_token(api, shopper):
    tokens = session_open(user=shopper)
    new = refresh(api, tokens.refresh_token).json()["data"]
    assert logout(api, tokens.refresh_token).status_code == 200
    assert status_with(new["token"]) == 401


def test_the_user_of_a_session_is_the_row_whole(shopper):
    user = session_user(claims=access_read(session_open(user=shopper).token))
    assert (user, user._state.adding, user._state.db) == (shopper, False, "default")
    assert not user.get_deferred_fields()
    columns = User.objects.filter(pk=shopper.pk).values().get()
    assert {name: getattr(user, name) for name in columns} == columns


def test_end_all(shopper, other_shopper):
    tokens = [session_open(user=shopper).token for _ in range(2)]
    kept = session_open(user=other_shopper).token
    sessions_end_all(user_id=shopper.pk)
    assert [status_with(token) for token in tokens] == [401, 401]
    assert status_with(kept) == 200


def test_flush_deletes_what_expired(shopper):
    now = timezone.now()
    old = [
        Session(user=shopper, refresh_jti="x", expires_at=now - timedelta(seconds=n))
        for n in range(BATCH + 5)
    ]
    Session.objects.bulk_create(old)
    # One of them expires this very moment, and is kept.
    assert sessions_flush(now=now) == BATCH + 4
    assert Session.objects.get().expires_at == now
    session_open(user=shopper)
    assert sessions_flush(now=now) == 0
    assert Session.objects.count() == 2


def test_flush_runs_each_night():
    assert sessions_flush_job.name == "accounts.jobs.sessions_flush"
    periodic = sessions_flush_job.blueprint.periodic_registry.periodic_tasks
    assert ("accounts.jobs.sessions_flush", "") in periodic


@pytest.mark.django_db
def test_flush_job(shopper):
    session_open(user=shopper)
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert sessions_flush_job.func(0) == 1
    assert Session.objects.count() == 0
