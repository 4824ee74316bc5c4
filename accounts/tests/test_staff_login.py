"""POST /api/auth/staff/login: name and password."""

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.models import Session, User

FAILED = {
    "code": 401,
    "message": "用户名或密码错误",
    "data": {"error": "login_failed"},
}


RIGHT = "a-long-password-9"


def login(api, username="boss", password=RIGHT):
    body = {"username": username, "password": password}
    return api.post("/api/auth/staff/login", body, format="json")


def test_login(api, staff):
    answer = login(api)
    data = answer.json()["data"]
    assert answer.status_code == 200
    assert sorted(data) == ["expiresIn", "refreshToken", "token", "userId"]
    assert (data["userId"], data["expiresIn"]) == (staff.pk, 1800)


def lifetime_seconds(token):
    claims = jwt.decode(token, settings.SIMPLE_JWT["SIGNING_KEY"], ["HS256"])
    return claims["exp"] - claims["iat"]


def test_tokens_are_short_lived(api, staff):
    first = login(api).json()["data"]
    body = {"refreshToken": first["refreshToken"]}
    second = api.post("/api/auth/refresh", body, format="json").json()["data"]
    for pair in (first, second):
        assert lifetime_seconds(pair["token"]) == 30 * 60
        assert lifetime_seconds(pair["refreshToken"]) == 12 * 3600


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("boss", "wrong"),
        ("boss", " a-long-password-9"),
        ("BOSS", "a-long-password-9"),
        ("nobody", "a-long-password-9"),
        ("boss' OR 1=1 --", "x"),
    ],
)
def test_wrong(api, staff, username, password):
    answer = login(api, username, password)
    assert answer.status_code == 401
    assert answer.json() == FAILED
    assert Session.objects.count() == 0


def test_deactivated(api, staff):
    User.objects.update(is_active=False)
    assert login(api).json() == FAILED


def test_shopper_has_no_password(api, shopper):
    for name in ("", "None", "null", shopper.openid, shopper.nickname):
        assert login(api, name or "x", "!").json() == FAILED


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "用户名不能为空"),
        ({"username": "boss"}, "密码不能为空"),
        ({"username": "boss", "password": ""}, "密码不能为空"),
        ({"username": "boss", "password": "x" * 129}, "密码长度不能超过128"),
        ({"username": ["boss"], "password": "x"}, "用户名格式不正确"),
    ],
)
def test_invalid(api, staff, body, message):
    answer = api.post("/api/auth/staff/login", body, format="json")
    assert (answer.status_code, answer.json()["message"]) == (400, message)


class CountingHasher(PBKDF2PasswordHasher):
    """The usual hasher, which tells how many rounds each hash took."""

    rounds = []

    def encode(self, password, salt, iterations=None):
        self.rounds.append(iterations or self.iterations)
        return super().encode(password, salt, iterations)


def admin_login(api, username, password):
    return api.post("/admin/login/", {"username": username, "password": password})


@pytest.mark.parametrize(("door", "status"), [(login, 401), (admin_login, 200)])
def test_unknown_name_takes_as_long(api, staff, settings, door, status):
    """And one that may not come in any more."""
    User.objects.create_user("gone", RIGHT, is_active=False)
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    taken = []
    for name in ("boss", "nobody", "gone"):
        CountingHasher.rounds.clear()
        assert door(api, name, "wrong").status_code == status
        taken.append([*CountingHasher.rounds])
    assert taken == [[PBKDF2PasswordHasher.iterations]] * 3


def test_limit_per_account(api, staff, settings, still_clock):
    settings.RATELIMITS = settings.RATELIMITS | {"staff_login": "2/300s"}
    statuses = [login(api, password="wrong").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    # The account is closed even to the right password, by any spelling's case.
    assert login(api, " BOSS ").status_code == 429
    assert login(api, "other").status_code == 401


def test_no_login_without_the_counter(api, staff, settings):
    dead = {"LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {name: one | dead for name, one in settings.CACHES.items()}
    answer = login(api)
    assert (answer.status_code, answer.json()["code"]) == (503, 503)
    assert Session.objects.count() == 0
