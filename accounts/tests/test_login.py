"""POST /api/auth/login: through WeChat to a user and two tokens."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.encryption import text_decrypt
from accounts.models import Session, User
from conftest import alone, lock_waiters, soon_given_up, wait_until
from shop.devstack.simulator.miniprogram import openid_of


def login(api, code):
    return api.post("/api/auth/login", {"code": code}, format="json")


def test_first_login_makes_the_user(api, simulator):
    answer = login(api, "sim-ann")
    body = answer.json()
    user = User.objects.get()
    assert (answer.status_code, body["code"], body["message"]) == (200, 0, "成功")
    assert body["data"] == {
        "token": body["data"]["token"],
        "refreshToken": body["data"]["refreshToken"],
        "expiresIn": 7 * 24 * 3600,
        "userId": user.pk,
        "isNew": True,
        "userInfo": {"nickname": "", "avatar": ""},
    }
    assert user.openid == openid_of(simulator.world["appid"], "ann")
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert not user.has_usable_password()
    assert (user.username, user.phone) == (None, "")


def test_its_token_lets_in(api, simulator):
    data = login(api, "sim-ann").json()["data"]
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {data['token']}")
    assert api.get("/api/auth/user").json()["data"]["id"] == data["userId"]


def test_second_login_finds_the_user(api, simulator):
    first = login(api, "sim-ann").json()["data"]
    User.objects.update(nickname="安", avatar="https://example.com/a.png")
    second = login(api, "sim-ann").json()["data"]
    assert second["userId"] == first["userId"]
    assert second["isNew"] is False
    assert second["userInfo"] == {
        "nickname": "安",
        "avatar": "https://example.com/a.png",
    }
    assert User.objects.count() == 1
    assert Session.objects.count() == 2


def test_session_key_is_encrypted_and_replaced(api, simulator):
    login(api, "sim-ann")
    first = User.objects.get().session_key_encrypted
    login(api, "sim-ann")
    second = User.objects.get().session_key_encrypted
    assert len(text_decrypt(first)) == len(text_decrypt(second)) == 24
    assert text_decrypt(first) != text_decrypt(second)


def test_stale_token_does_not_hinder_a_login(api, simulator):
    api.credentials(HTTP_AUTHORIZATION="Bearer not.a.token")
    assert login(api, "sim-ann").status_code == 200


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": "  "}, {"code": None}])
def test_empty_code(api, body):
    answer = api.post("/api/auth/login", body, format="json")
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 400,
        "message": "code不能为空",
        "data": {"error": "invalid", "fields": {"code": ["code不能为空"]}},
    }


@pytest.mark.parametrize("body", [{"code": ["a"]}, {"code": {}}, {"code": "x" * 513}])
def test_code_that_is_none(api, body):
    answer = api.post("/api/auth/login", body, format="json")
    assert (answer.status_code, answer.json()["data"]["error"]) == (400, "invalid")


@pytest.mark.parametrize("body", [[], "sim-ann", 7, None])
def test_body_that_is_no_object(api, body):
    answer = api.post("/api/auth/login", body, format="json")
    assert answer.status_code == 400
    assert User.objects.count() == 0


def test_unknown_code(api, simulator):
    answer = login(api, "nonsense")
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 400,
        "message": "登录凭证无效,请重新登录",
        "data": {"error": "wechat_code_invalid"},
    }
    assert User.objects.count() == 0


def test_used_code(api, simulator):
    assert login(api, "once-bob-81").status_code == 200
    answer = login(api, "once-bob-81")
    assert answer.status_code == 400
    assert answer.json()["data"] == {"error": "wechat_code_invalid"}


@pytest.mark.parametrize("kind", ["reset", "500", "html", "half_json", "drop_reply"])
def test_broken_wechat(api, simulator, kind):
    simulator.fault("login", kind)
    answer = login(api, "sim-ann")
    assert answer.status_code == 503
    assert answer.json() == {
        "code": 503,
        "message": "登录失败,请重试",
        "data": {"error": "wechat_unavailable"},
    }
    assert User.objects.count() == 0
    assert login(api, "sim-ann").status_code == 200


def test_slow_wechat_is_given_up_without_a_retry(api, simulator):
    # A second request within this one would meet no fault and succeed.
    simulator.fault("login", "slow", seconds=20)
    with soon_given_up():
        answer = login(api, "sim-ann")
    assert answer.json()["data"] == {"error": "wechat_unavailable"}


def test_absent_wechat(api, settings):
    settings.WECHAT_API_BASE = "http://127.0.0.1:9"
    assert login(api, "sim-ann").status_code == 503


@pytest.mark.parametrize("name", ["WECHAT_APPID", "WECHAT_SECRET"])
def test_wrong_configuration(api, simulator, settings, name, caplog):
    setattr(settings, name, "wx0000000000000000")
    answer = login(api, "sim-ann")
    assert answer.status_code == 500
    assert answer.json() == {
        "code": 500,
        "message": "登录失败,请重试",
        "data": {"error": "wechat_misconfigured"},
    }
    assert "ERROR" in [record.levelname for record in caplog.records]


def test_blocked_user(api, simulator):
    login(api, "sim-ann")
    User.objects.update(is_active=False)
    answer = login(api, "sim-ann")
    assert answer.status_code == 403
    assert answer.json() == {
        "code": 403,
        "message": "账号已被停用",
        "data": {"error": "user_blocked"},
    }
    assert Session.objects.count() == 1


def test_limit_per_address(api, simulator, settings, still_clock):
    settings.RATELIMITS = settings.RATELIMITS | {"login": "2/300s"}
    assert [login(api, "sim-ann").status_code for _ in range(3)] == [200, 200, 429]
    assert login(api, "sim-ann").headers["Retry-After"].isdecimal()


def test_dead_valkey_stops_no_shopper(api, simulator, settings):
    dead = {"LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {name: one | dead for name, one in settings.CACHES.items()}
    assert login(api, "sim-ann").status_code == 200


def test_two_statements(api, simulator):
    with CaptureQueriesContext(connection) as queries:
        login(api, "sim-ann")
    assert len(queries) == 2


@pytest.mark.parametrize("twin_commits", [True, False])
def test_first_logins_at_once_make_one_user(
    transactional_db, patient_database, simulator, twin_commits
):
    """All of them find no user, and wait for one who is just making it."""
    openid = openid_of(simulator.world["appid"], "ann")

    @alone
    def enter():
        answer = login(APIClient(), "sim-ann")
        return answer.status_code, answer.json()["data"]

    with ThreadPoolExecutor(4) as pool:
        with transaction.atomic():
            User.objects.create(openid=openid, password="!")
            sent = [pool.submit(enter) for _ in range(4)]
            wait_until(lambda: lock_waiters() == 4)
            transaction.set_rollback(not twin_commits)
        answers = [future.result() for future in sent]
    user = User.objects.get()
    assert [(status, data["userId"]) for status, data in answers] == [
        (200, user.pk)
    ] * 4
    news = sorted(data["isNew"] for _, data in answers)
    assert news == [False] * 3 + [not twin_commits]
