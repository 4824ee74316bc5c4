"""GET, PUT and PATCH /api/auth/user."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import UserNotFound
from accounts.models import User
from accounts.serializers import UserSerializer, user_shown
from accounts.services import user_update
from shop.api.tests.pictures import upload_of


def read(api):
    return api.get("/api/auth/user").json()["data"]


def put(api, body):
    return api.put("/api/auth/user", body, format="json")


def test_read(shopper_api, shopper):
    answer = shopper_api.get("/api/auth/user")
    assert answer.status_code == 200
    assert answer.json() == {
        "code": 0,
        "message": "成功",
        "data": {"id": shopper.pk, "nickname": "shopper", "avatar": "", "phone": ""},
    }


@pytest.mark.parametrize("avatar", ["", "avatars/a.jpg", "https://a.example/b.png"])
def test_what_is_shown_is_what_the_serializer_says(avatar):
    user = User(pk=7, nickname="茶", avatar=avatar, phone="13800138000")
    assert user_shown(user) == UserSerializer(user).data


def test_change(shopper_api, shopper):
    new = {
        "nickname": "小明",
        "avatar": "https://thirdwx.qlogo.cn/mmopen/vi_32/a-b_c/132?x=1&y=%E4",
        "phone": "13800138000",
    }
    answer = put(shopper_api, new)
    assert answer.status_code == 200
    assert answer.json() == {
        "code": 0,
        "message": "更新成功",
        "data": {"id": shopper.pk, **new},
    }
    assert read(shopper_api) == {"id": shopper.pk, **new}


@pytest.mark.parametrize("method", ["put", "patch"])
def test_change_only_what_is_sent(shopper_api, shopper, method):
    put(shopper_api, {"phone": "13800138000"})
    send = getattr(shopper_api, method)
    assert send("/api/auth/user", {"nickname": "a"}, format="json").status_code == 200
    assert send("/api/auth/user", {}, format="json").status_code == 200
    assert read(shopper_api) == {
        "id": shopper.pk,
        "nickname": "a",
        "avatar": "",
        "phone": "13800138000",
    }


def test_empty_text_clears(shopper_api, shopper):
    put(shopper_api, {"phone": "13800138000", "avatar": "https://example.com/a"})
    put(shopper_api, {"nickname": "", "phone": "", "avatar": ""})
    empty = {"id": shopper.pk, "nickname": "", "avatar": "", "phone": ""}
    assert read(shopper_api) == empty


def test_fields_that_are_not_ones_own(shopper_api, shopper):
    put(
        shopper_api,
        {
            "id": 1,
            "isStaff": True,
            "is_staff": True,
            "is_superuser": True,
            "is_active": False,
            "username": "boss",
            "openid": "x",
            "password": "x",
            "nickname": "a",
        },
    )
    user = User.objects.get()
    assert (user.pk, user.openid, user.username) == (shopper.pk, shopper.openid, None)
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert (user.nickname, user.password) == ("a", shopper.password)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("<b>小</b>明", "小明"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("&lt;img src=x onerror=alert(1)&gt;", ""),
        ("a<b", "a<b"),
        ("  小 明 ", "小 明"),
        ("😀" * 64, "😀" * 64),
        (12, "12"),
    ],
)
def test_nickname_is_plain_text(shopper_api, sent, kept):
    assert put(shopper_api, {"nickname": sent}).json()["data"]["nickname"] == kept


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"nickname": "x" * 65}, "昵称长度不能超过64"),
        ({"nickname": None}, "昵称不能为空"),
        ({"nickname": ["x"]}, "昵称格式不正确"),
        ({"phone": "12800138000"}, "手机号格式不正确"),
        ({"phone": "1380013800"}, "手机号格式不正确"),
        ({"phone": "138001380000"}, "手机号格式不正确"),
        ({"phone": "13800138000\n1"}, "手机号格式不正确"),
        ({"phone": "１３８００１３８０００"}, "手机号格式不正确"),
        ({"phone": "+8613800138000"}, "手机号格式不正确"),
        ({"avatar": "https://example.com/" + "a" * 481}, "头像长度不能超过500"),
        ({"avatar": "http://example.com/a.png"}, "头像地址不正确"),
        ({"avatar": "javascript:alert(1)"}, "头像地址不正确"),
        ({"avatar": "data:image/png;base64,AAAA"}, "头像地址不正确"),
        ({"avatar": "file:///etc/passwd"}, "头像地址不正确"),
        ({"avatar": "//example.com/a.png"}, "头像地址不正确"),
        ({"avatar": "uploads/202601/a.jpg"}, "头像地址不正确"),
        ({"avatar": "avatars/202601/a.jpg"}, "头像地址不正确"),
        ({"avatar": "https://"}, "头像地址不正确"),
        ({"avatar": 'https://example.com/"onerror=x'}, "头像地址不正确"),
        ({"avatar": "https://example.com/<script>"}, "头像地址不正确"),
        ({"avatar": "https://exa mple.com/"}, "头像地址不正确"),
    ],
)
def test_refused(shopper_api, shopper, body, message):
    before = read(shopper_api)
    answer = put(shopper_api, body)
    field = next(iter(body))
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 400,
        "message": message,
        "data": {"error": "invalid", "fields": {field: [message]}},
    }
    assert read(shopper_api) == before


def test_avatar_from_ones_own_upload_and_nobody_elses(shopper_api, other_api):
    answer = shopper_api.post("/api/uploads", {"file": upload_of("PNG")})
    url = answer.json()["data"]["url"]
    answer = put(other_api, {"avatar": url})
    assert (answer.status_code, answer.json()["message"]) == (400, "头像地址不正确")
    assert put(shopper_api, {"avatar": url}).json()["data"]["avatar"] == url
    names = User.objects.order_by("pk").values_list("nickname", "avatar")
    by_name = dict(names)
    assert by_name["shopper"].startswith("uploads/")
    assert by_name["other"] == ""


def test_limit_per_shopper(shopper_api, other_api, settings, still_clock):
    settings.RATELIMITS = settings.RATELIMITS | {"write": "2/900s"}
    assert [put(shopper_api, {}).status_code for _ in range(3)] == [200, 200, 429]
    assert put(other_api, {}).status_code == 200
    assert shopper_api.get("/api/auth/user").status_code == 200


def test_three_statements(shopper_api):
    with CaptureQueriesContext(connection) as queries:
        put(shopper_api, {"nickname": "a"})
    work = [one["sql"] for one in queries if "SAVEPOINT" not in one["sql"]]
    assert len(work) == 3


def test_nothing_is_written_for_one_who_left_meanwhile(shopper):
    User.objects.update(is_active=False)
    with pytest.raises(UserNotFound):
        user_update(user_id=shopper.pk, phone="13800138000")
    assert User.objects.get().phone == ""
