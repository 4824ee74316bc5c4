"""POST /api/auth/avatar and /api/uploads: pictures from shoppers and staff."""

import pytest
from django.core.files.storage import default_storage

from accounts.errors import UserNotFound
from accounts.models import User
from accounts.services import user_avatar_upload, user_update
from shop.api.images import image_name
from shop.api.tests.pictures import (
    CANARY,
    picture,
    picture_with_gps,
    png_bomb,
    upload,
    upload_of,
)

ROUTES = pytest.mark.parametrize("route", ["/api/auth/avatar", "/api/uploads"])


def send(api, route, file=None):
    body = {} if file is None else {"file": file}
    return api.post(route, body, format="multipart")


def avatar_files():
    folders, _ = default_storage.listdir("avatars")
    return [
        f"avatars/{folder}/{name}"
        for folder in folders
        for name in default_storage.listdir(f"avatars/{folder}")[1]
    ]


def test_avatar(shopper_api, settings):
    answer = send(shopper_api, "/api/auth/avatar", upload_of("PNG"))
    name = User.objects.get().avatar
    url = f"{settings.PUBLIC_URL}/media/{name}"
    assert answer.status_code == 200
    assert answer.json() == {"code": 0, "message": "成功", "data": {"avatar": url}}
    assert name.startswith("avatars/")
    assert shopper_api.get("/api/auth/user").json()["data"]["avatar"] == url


def test_served_url_shows_the_picture(shopper_api, settings):
    url = send(shopper_api, "/api/uploads", upload_of()).json()["data"]["url"]
    answer = shopper_api.get(url.removeprefix(settings.PUBLIC_URL))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_upload(shopper_api):
    answer = send(shopper_api, "/api/uploads", upload_of())
    assert answer.status_code == 201
    url = answer.json()["data"]["url"]
    assert answer.json() == {"code": 0, "message": "上传成功", "data": {"url": url}}
    assert image_name(url)


def test_staff_upload_but_have_no_avatar(staff_api):
    assert send(staff_api, "/api/uploads", upload_of()).status_code == 201
    assert send(staff_api, "/api/auth/avatar", upload_of()).status_code == 403


@ROUTES
def test_needs_a_token(api, route):
    answer = send(api, route, upload_of())
    assert (answer.status_code, answer.json()["message"]) == (401, "未登录")


@ROUTES
@pytest.mark.parametrize("file", [None, upload(b"")])
def test_no_file(shopper_api, route, file):
    answer = send(shopper_api, route, file)
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 400,
        "message": "文件不能为空",
        "data": {"error": "invalid", "fields": {"file": ["文件不能为空"]}},
    }


@ROUTES
def test_text_instead_of_a_file(shopper_api, route):
    answer = send(shopper_api, route, "hello")
    assert (answer.status_code, answer.json()["message"]) == (400, "文件格式不正确")


@ROUTES
@pytest.mark.parametrize(
    "data",
    [b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", png_bomb(50_000)],
)
def test_no_picture(shopper_api, route, data):
    answer = send(shopper_api, route, upload(data))
    assert answer.status_code == 400
    assert answer.json()["data"] == {
        "error": "invalid",
        "fields": {"file": ["图片格式不正确"]},
    }
    assert User.objects.get().avatar == ""


@ROUTES
def test_no_place_and_no_script(shopper_api, settings, route):
    data = send(shopper_api, route, upload(picture_with_gps())).json()["data"]
    path = next(iter(data.values())).removeprefix(settings.PUBLIC_URL)
    kept = b"".join(shopper_api.get(path).streaming_content)
    assert CANARY not in kept
    assert b"Exif" not in kept


@ROUTES
@pytest.mark.parametrize("size", [5 * 1024 * 1024 + 1, 6 * 1024 * 1024])
def test_too_large(shopper_api, route, size):
    answer = send(shopper_api, route, upload(picture() + bytes(size)))
    assert answer.status_code == 413
    assert answer.json() == {
        "code": 413,
        "message": "图片不能超过5MB",
        "data": {"error": "too_large"},
    }


@ROUTES
def test_json_instead_of_a_form(shopper_api, route):
    answer = shopper_api.post(route, {"file": "x"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (415, 415)


@ROUTES
@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; x"])
def test_malformed_form(shopper_api, route, kind):
    answer = shopper_api.generic("POST", route, b"hello", content_type=kind)
    assert (answer.status_code, answer.json()["data"]) == (
        400,
        {"error": "bad_request"},
    )


def test_avatar_before_is_deleted(
    shopper_api, shopper, django_capture_on_commit_callbacks
):
    send(shopper_api, "/api/auth/avatar", upload_of())
    first = User.objects.get().avatar
    with django_capture_on_commit_callbacks(execute=True):
        send(shopper_api, "/api/auth/avatar", upload_of())
    second = User.objects.get().avatar
    assert not default_storage.exists(first)
    assert default_storage.exists(second)


def test_sending_ones_avatar_back_keeps_it(
    shopper_api, django_capture_on_commit_callbacks
):
    url = send(shopper_api, "/api/auth/avatar", upload_of()).json()["data"]["avatar"]
    name = User.objects.get().avatar
    with django_capture_on_commit_callbacks(execute=True):
        answer = shopper_api.put("/api/auth/user", {"avatar": url}, format="json")
    assert answer.json()["data"]["avatar"] == url
    assert User.objects.get().avatar == name
    assert default_storage.exists(name)


def test_other_peoples_files_are_not_deleted(
    shopper_api, shopper, django_capture_on_commit_callbacks
):
    """A shopper may show a public picture as avatar; leaving it must not delete it."""
    url = send(shopper_api, "/api/uploads", upload_of()).json()["data"]["url"]
    with django_capture_on_commit_callbacks(execute=True):
        shopper_api.put("/api/auth/user", {"avatar": url}, format="json")
        user_update(user_id=shopper.pk, avatar="")
    assert image_name(url)


def test_file_of_one_who_left_meanwhile_is_deleted(shopper):
    User.objects.update(is_active=False)
    before = avatar_files() if default_storage.exists("avatars") else []
    with pytest.raises(UserNotFound):
        user_avatar_upload(user_id=shopper.pk, upload=upload_of())
    after = avatar_files() if default_storage.exists("avatars") else []
    assert after == before


def test_limit_per_shopper(shopper_api, settings, still_clock):
    settings.RATELIMITS = settings.RATELIMITS | {"write": "1/900s"}
    statuses = [
        send(shopper_api, "/api/uploads", upload_of()).status_code for _ in range(2)
    ]
    assert statuses == [201, 429]
