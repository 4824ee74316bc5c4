"""No room on the disk, ours or PostgreSQL's: told in Chinese, and nothing half done."""

import gc
import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import Upload, User
from catalog.models import Product, ProductImage
from orders.models import Order
from orders.tests.conftest import body, line, stock_of, written
from shop.api.tests.pictures import picture, upload
from shop.models import SheetFile, SheetFormat
from shop.sheets.services import sheet_export
from shop.tests.conftest import assert_envelope
from shop.tests.full_disk import files_in, small_disk
from shop.tests.sheets import done

MESSAGE = "存储空间已满,暂时无法保存,请稍后再试"
MakeProduct = Callable[..., Product]


def noise() -> SimpleUploadedFile:
    """Return a picture that no encoding makes small."""
    out = io.BytesIO()
    Image.effect_noise((400, 400), 200).save(out, "PNG")
    return upload(out.getvalue(), "a.png", "image/png")


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Keep the pictures on a small disk."""
    folder = tmp_path / "media"
    settings.MEDIA_ROOT = str(folder)
    with small_disk(folder):
        yield folder


def assert_full(response: Any) -> None:
    assert_envelope(response, 503, "storage_full", MESSAGE)
    assert response.headers["Retry-After"] == "60"


@pytest.mark.parametrize("path", ["/api/uploads", "/api/auth/avatar"])
def test_a_shoppers_picture_without_room_leaves_nothing(
    shopper_api: APIClient, shopper: User, media: Path, path: str
) -> None:
    assert_full(shopper_api.post(path, {"file": noise()}))
    assert files_in(media) == []
    shopper.refresh_from_db()
    assert (Upload.objects.count(), shopper.avatar) == (0, "")
    # One that fits is kept: nothing has to be started anew.
    small = upload(picture())
    assert shopper_api.post(path, {"file": small}).status_code in (200, 201)
    assert len(files_in(media)) == 1


def test_staffs_picture_without_room_leaves_nothing(
    client: Client, staff: User, product_make: MakeProduct, media: Path
) -> None:
    client.force_login(staff)
    answer = client.post("/admin/catalog/product/picture/", {"file": noise()})
    assert (answer.status_code, answer.json()) == (503, {"message": MESSAGE})
    page = f"/admin/catalog/product/{product_make().pk}/change/"
    answer = client.post(page, {"name": "新名", "pictures-upload": noise()})
    assert answer.status_code == 200
    assert f"a.png:{MESSAGE}" in answer.content.decode()
    assert files_in(media) == []
    assert ProductImage.objects.count() == 0
    assert Product.objects.get().name == "龙井茶"


def test_an_upload_that_finds_no_room_on_its_way_in(
    shopper_api: APIClient, media: Path, settings: Any
) -> None:
    """Django keeps a large one on the disk before anybody looks at it."""
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1
    settings.FILE_UPLOAD_TEMP_DIR = str(media)
    assert_full(shopper_api.post("/api/uploads", {"file": noise()}))
    # Gone with the last who knows of it.
    gc.collect()
    assert (files_in(media), Upload.objects.count()) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_an_export_that_finds_no_room_says_so(
    staff: User, product_make: MakeProduct, tmp_path: Path, monkeypatch: Any
) -> None:
    product = product_make()

    def export() -> Any:
        return sheet_export(
            kind="products",
            sheet_format=SheetFormat.XLSX,
            ids=[product.pk],
            made_by_id=staff.pk,
        )

    with small_disk(tmp_path / "tmp", 4096), monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
        task = done(export())
        assert files_in(tmp_path / "tmp") == []
    assert (task.state, task.error) == (
        "failed",
        "存储空间不足,没有完成,请联系技术人员",
    )
    assert SheetFile.objects.count() == 0
    assert done(export()).state == "done"


def test_an_order_that_the_database_has_no_room_for(
    shopper_api: APIClient, product_make: MakeProduct
) -> None:
    """PostgreSQL's own error, from where a row is written."""
    tea = product_make()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$;"
            "CREATE TRIGGER no_room BEFORE INSERT ON orders_order"
            " FOR EACH ROW EXECUTE FUNCTION no_room()"
        )
    before = written()
    answer = shopper_api.post("/api/orders", body(line(tea)), format="json")
    assert_full(answer)
    assert written() == before
    assert (Order.objects.count(), stock_of(tea)) == (0, 10)
