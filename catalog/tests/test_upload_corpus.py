"""Hostile files at every door that takes a picture: re-encoded, or refused by name.

Which doors of the admin there are, the walk through all its pages finds out.
"""

import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from catalog.models import Banner, Category, Product
from catalog.tests.admin_pages import (
    PRODUCT_ADD,
    PRODUCTS,
    errors,
    new_page,
    page_data,
    sku_row,
)
from catalog.tests.hostile_files import REFUSED, TAKEN, Sent
from shop.api.tests.pictures import CANARY
from shop.policies import NOTHING

# Pillow warns of what it then refuses.
pytestmark = pytest.mark.filterwarnings("ignore:Image size")
BANNER_ADD = "/admin/catalog/banner/add/"
CATEGORY_ADD = "/admin/catalog/category/add/"
NAME = re.compile(r"(?:uploads|avatars)/\d{6}/[0-9a-f]{32}\.(?:jpg|png)")


def uploads(files: Collection[Sent]) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(one.name, one.data, one.content_type) for one in files]


def stored() -> set[Path]:
    root = Path(default_storage.path(""))
    return {path.relative_to(root) for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def before() -> set[Path]:
    return stored()


def assert_harmless(api: Any, before: set[Path], count: int) -> None:
    """Look at what lies there now, and at how it is served."""
    new = [str(path) for path in stored() - before]
    assert len(new) == count
    assert [name for name in new if not NAME.fullmatch(name)] == []
    for name in new:
        answer = api.get(f"/media/{name}")
        kind = "image/png" if name.endswith("png") else "image/jpeg"
        assert answer["Content-Type"] == kind
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == NOTHING
        data = b"".join(answer.streaming_content)
        for left in (CANARY, b"canary", b"Exif", b"GPS", b"tEXt", b"iCCP", b"PK\x03"):
            assert left not in data, name
        with Image.open(io.BytesIO(data)) as shown:
            shown.load()
            assert getattr(shown, "n_frames", 1) == 1
            assert dict(shown.getexif()) == {}


@pytest.mark.parametrize("route", ["/api/auth/avatar", "/api/uploads"])
def test_what_shoppers_send(
    shopper_api: APIClient, before: set[Path], route: str
) -> None:
    for file in uploads(REFUSED):
        answer = shopper_api.post(route, {"file": file}, format="multipart")
        assert (answer.status_code, answer.json()["data"]["error"]) == (
            400,
            "invalid",
        ), file.name
    assert stored() == before
    for file in uploads(TAKEN):
        answer = shopper_api.post(route, {"file": file}, format="multipart")
        assert answer.json()["code"] == 0, file.name
    assert_harmless(shopper_api, before, len(TAKEN))


def test_what_staff_put_into_a_description(client: Client, before: set[Path]) -> None:
    for file in uploads(REFUSED):
        answer = client.post(f"{PRODUCTS}picture/", {"file": file})
        refusal = {"message": "图片格式不正确"}
        assert (answer.status_code, answer.json()) == (400, refusal), file.name
    assert stored() == before
    for file in uploads(TAKEN):
        answer = client.post(f"{PRODUCTS}picture/", {"file": file})
        assert answer.status_code == 200, file.name
    assert_harmless(client, before, len(TAKEN))


def test_what_staff_give_a_product(client: Client, before: set[Path]) -> None:
    row = sku_row(0, "颜色:红", "9.90", "3")
    for field in ("pictures-upload", "skus-0-image-upload"):
        data = new_page(client, row, **{field: uploads(REFUSED)})
        assert errors(client.post(PRODUCT_ADD, data)) == refusals()
    assert stored() == before
    taken = uploads(TAKEN)
    data = new_page(client, row, **{"pictures-upload": taken[:9]})
    assert client.post(PRODUCT_ADD, data).status_code == 302
    assert Product.objects.get().images.count() == 9
    assert_harmless(client, before, 9)


@pytest.mark.parametrize(
    ("page", "field"), [(BANNER_ADD, "image-upload"), (CATEGORY_ADD, "icon-upload")]
)
def test_what_staff_give_a_banner_or_a_category(
    client: Client, before: set[Path], page: str, field: str
) -> None:
    data = page_data(client, page) | {"title": "新", "name": "新"}
    sent = data | {field: uploads(REFUSED)}
    assert set(errors(client.post(page, sent))) >= set(refusals())
    assert stored() == before
    assert (Banner.objects.count(), Category.objects.count()) == (0, 0)
    for file in uploads(TAKEN):
        answer = client.post(page, data | {field: file})
        assert answer.status_code == 302, errors(answer)
    assert_harmless(client, before, len(TAKEN))


def refusals() -> list[str]:
    return [f"{one.name}:图片格式不正确" for one in REFUSED]
