"""Pictures in S3-compatible storage, over real HTTP."""

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from accounts.models import Upload, User
from accounts.services import user_erase
from shop.api.images import image_name, image_url
from shop.api.tests.pictures import upload_of
from shop.api.tests.s3_double import (
    ACCESS_KEY,
    BUCKET,
    REGION,
    SECRET_KEY,
    S3Double,
    s3_double,
)
from shop.tests.conftest import assert_envelope
from shop.tests.test_start import start

PUBLIC = "https://cdn.example/pictures"
UNAVAILABLE = (503, "unavailable", "服务暂时不可用,请稍后再试")


@pytest.fixture
def s3(settings: Any) -> Iterator[S3Double]:
    with s3_double() as server:
        settings.S3_BUCKET = BUCKET
        settings.S3_ENDPOINT_URL = server.url
        settings.S3_REGION = REGION
        settings.S3_ACCESS_KEY_ID = ACCESS_KEY
        settings.S3_SECRET_ACCESS_KEY = SECRET_KEY
        settings.S3_PUBLIC_URL = PUBLIC
        settings.STORAGES = settings.STORAGES | {
            "default": {"BACKEND": "shop.storage.PictureStorage"}
        }
        yield server


def send(client: APIClient) -> Any:
    return client.post("/api/uploads", {"file": upload_of()}, format="multipart")


def test_upload_is_kept_and_shown_by_its_public_url(
    s3: S3Double, shopper_api: APIClient
) -> None:
    answer = send(shopper_api)
    assert answer.status_code == 201
    url = answer.json()["data"]["url"]
    name = Upload.objects.get().file
    assert url == f"{PUBLIC}/{name}"
    assert re.fullmatch(r"uploads/\d{6}/[0-9a-f]{32}\.(jpg|png)", name)
    body, headers = s3.objects[name]
    assert body[:3] == b"\xff\xd8\xff" or body[:4] == b"\x89PNG"
    assert headers["Content-Type"] in {"image/jpeg", "image/png"}
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "x-amz-acl" not in headers
    # A name is looked up before it is taken.
    assert s3.asked == [("HEAD", name), ("PUT", name)]


def test_urls_of_our_own_pictures_are_taken_and_no_others(
    s3: S3Double, shopper_api: APIClient
) -> None:
    url = send(shopper_api).json()["data"]["url"]
    name = Upload.objects.get().file
    s3.asked.clear()
    assert image_name(url) == name
    assert s3.asked == [("HEAD", name)]
    assert image_url(name) == url
    missing = f"{PUBLIC}/uploads/202601/{'0' * 32}.jpg"
    assert image_name(missing) is None
    s3.asked.clear()
    for other in (
        f"https://evil.example/{name}",
        f"{PUBLIC}/avatars/202601/{'0' * 32}.jpg",
        f"{PUBLIC}/uploads/../{name}",
        f"{PUBLIC}/{name}?x=1",
    ):
        assert image_name(other) is None
    assert s3.asked == []


def test_a_name_is_never_overwritten(s3: S3Double) -> None:
    first = default_storage.save("uploads/a.jpg", ContentFile(b"first"))
    second = default_storage.save("uploads/a.jpg", ContentFile(b"second"))
    assert first != second
    assert [body for body, _ in s3.objects.values()] == [b"first", b"second"]


def test_pictures_go_with_the_person(
    s3: S3Double,
    shopper: User,
    shopper_api: APIClient,
    django_capture_on_commit_callbacks: Any,
) -> None:
    send(shopper_api)
    shopper_api.post("/api/auth/avatar", {"file": upload_of()}, format="multipart")
    assert len(s3.objects) == 2
    with django_capture_on_commit_callbacks(execute=True):
        user_erase(user_id=shopper.pk)
    assert s3.objects == {}
    default_storage.delete("uploads/gone.jpg")


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_storage_that_refuses_is_503(
    s3: S3Double, shopper_api: APIClient, status: int
) -> None:
    s3.fault_status = status
    answer = send(shopper_api)
    assert_envelope(answer, *UNAVAILABLE)
    assert answer.headers["Retry-After"] == "5"
    assert Upload.objects.count() == 0


@pytest.mark.parametrize("name", ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"])
def test_a_wrong_key_is_refused(
    s3: S3Double, shopper_api: APIClient, settings: Any, name: str
) -> None:
    setattr(settings, name, "wrong")
    assert_envelope(send(shopper_api), *UNAVAILABLE)
    assert s3.objects == {}


def test_a_storage_that_is_away_is_503_for_every_field(
    s3: S3Double, staff_api: APIClient, settings: Any
) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        settings.S3_ENDPOINT_URL = f"http://127.0.0.1:{bound.getsockname()[1]}"
        settings.STORAGES = dict(settings.STORAGES)
        assert_envelope(send(staff_api), *UNAVAILABLE)
        body = {"name": "茶", "images": [f"{PUBLIC}/uploads/202601/{'0' * 32}.jpg"]}
        answer = staff_api.post("/api/products", body, format="json")
        assert_envelope(answer, *UNAVAILABLE)


def test_a_storage_that_hangs_is_503(
    s3: S3Double, shopper_api: APIClient, settings: Any
) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        settings.S3_ENDPOINT_URL = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings.S3_TIMEOUT_SECONDS = 0.2
        settings.STORAGES = dict(settings.STORAGES)
        assert_envelope(send(shopper_api), *UNAVAILABLE)


def test_boto3_is_loaded_only_when_a_bucket_is_named() -> None:
    code = """
import sys, django
django.setup()
from django.core.files.storage import default_storage
default_storage.url("x")
print(type(default_storage._wrapped).__name__, "boto3" in sys.modules)
"""
    assert start(("-c", code)).stdout == "DiskStorage False\n"
    keys = {
        "S3_BUCKET": "b",
        "S3_ACCESS_KEY_ID": "k",
        "S3_SECRET_ACCESS_KEY": "s",
        "S3_PUBLIC_URL": "https://cdn.example",
    }
    assert start(("-c", code), **keys).stdout == "PictureStorage True\n"
