"""Pictures on the page of a product."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.files.storage import InMemoryStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image

from catalog.models import Product, ProductImage
from catalog.tests.admin_pages import (
    PRODUCT_ADD,
    errors,
    facts,
    inputs,
    new_page,
    page_data,
    picture_file,
    product_page,
    sku_row,
)
from catalog.tests.conftest import images

Make = Callable[..., Product]


def test_a_bad_picture_is_refused_by_its_name(client: Client, shirt: Product) -> None:
    before = facts(shirt)
    data = page_data(client, product_page(shirt)) | {
        "name": "新",
        "pictures-upload": SimpleUploadedFile("a<b>.png", b"no picture"),
        "skus-0-image-upload": SimpleUploadedFile("c.svg", b"<svg/>"),
    }
    response = client.post(product_page(shirt), data)
    assert errors(response) == ["a<b>.png:图片格式不正确", "c.svg:图片格式不正确"]
    assert facts(shirt) == before
    assert images(shirt.pk) == []


def test_a_large_picture_is_refused(
    client: Client, shirt: Product, settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    data = page_data(client, product_page(shirt)) | {"pictures-upload": picture_file()}
    assert errors(client.post(product_page(shirt), data)) == [
        "photo.png:图片不能超过5MB"
    ]


def test_more_pictures_than_a_client_shows_are_refused(
    client: Client, shirt: Product
) -> None:
    data = page_data(client, product_page(shirt))
    data |= {"pictures-upload": [picture_file() for _ in range(21)]}
    assert errors(client.post(product_page(shirt), data)) == ["最多20张图片"]
    assert images(shirt.pk) == []


def test_pictures_of_a_refused_page_need_not_be_sent_again(
    client: Client, shirt: Product
) -> None:
    data = page_data(client, product_page(shirt)) | {
        "name": "",
        "pictures-upload": picture_file(),
        "skus-0-image-upload": picture_file(),
    }
    refused = client.post(product_page(shirt), data)
    assert errors(refused) == ["名称不能为空"]
    assert (
        client.post(product_page(shirt), inputs(refused) | {"name": "新"}).status_code
        == 302
    )
    assert facts(shirt)["name"] == "新"
    assert len(images(shirt.pk)) == 1
    assert shirt.skus.order_by("pk")[0].image


def test_new_pictures_stand_where_they_were_dragged(
    client: Client, shirt: Product
) -> None:
    for name in ("uploads/a.jpg", "uploads/b.jpg"):
        ProductImage.objects.create(product=shirt, file=name, position=ord(name[8]))
    data = page_data(client, product_page(shirt)) | {
        "pictures-place": ["4", "2"],
        "pictures-upload": [picture_file(colour="red"), picture_file(colour="blue")],
        "pictures-upload-place": ["3", "1"],
    }
    assert client.post(product_page(shirt), data).status_code == 302
    blue, second, red, last = images(shirt.pk)
    assert (second, last) == ("uploads/b.jpg", "uploads/a.jpg")
    with default_storage.open(blue) as file, Image.open(file) as picture:
        assert picture.getpixel((0, 0))[2] > 200
    with default_storage.open(red) as file, Image.open(file) as picture:
        assert picture.getpixel((0, 0))[0] > 200


class WatchedStorage(InMemoryStorage):
    """Say of each file whether a transaction was open when it was stored."""

    seen: ClassVar[list[bool]] = []

    def save(self, *args: Any, **kwargs: Any) -> str:
        self.seen.append(connection.in_atomic_block)
        return super().save(*args, **kwargs)

    def exists(self, name: str) -> bool:
        self.seen.append(connection.in_atomic_block)
        return super().exists(name)


def test_no_transaction_is_open_while_pictures_are_stored(
    transactional_db: None, client: Client, settings: Any
) -> None:
    backend = f"{__name__}.{WatchedStorage.__name__}"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    WatchedStorage.seen.clear()
    row = sku_row(0, "", "1", "1")
    data = new_page(client, row, name="") | {"pictures-upload": picture_file()}
    refused = client.post(PRODUCT_ADD, data)
    sent = inputs(refused) | {"name": "T恤", "skus-0-image-upload": picture_file()}
    assert client.post(PRODUCT_ADD, sent).status_code == 302
    assert set(WatchedStorage.seen) == {False}
