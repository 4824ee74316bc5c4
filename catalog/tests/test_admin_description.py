"""The description on the page of a product, and the pictures inside of it."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from catalog.pictures import pictures_in_use
from catalog.tests.admin_pages import (
    PRODUCTS,
    errors,
    facts,
    page_data,
    picture_file,
    product_page,
    staff_client,
)
from catalog.tests.test_admin_product_pictures import WatchedStorage
from shop.api.images import image_name, image_url

PICTURE = f"{PRODUCTS}picture/"


def test_a_picture_is_stored_and_answered_by_its_url(client: Client) -> None:
    answer = client.post(PICTURE, {"file": picture_file()})
    assert answer.status_code == 200
    assert image_name(answer.json()["url"])


@pytest.mark.parametrize(
    ("file", "status", "message"),
    [
        (SimpleUploadedFile("a.svg", b"<svg/>"), 400, "图片格式不正确"),
        (SimpleUploadedFile("a.png", b"no picture"), 400, "图片格式不正确"),
        ("", 400, "请选择图片"),
    ],
)
def test_what_is_no_picture_is_refused_in_chinese(
    client: Client, file: Any, status: int, message: str
) -> None:
    answer = client.post(PICTURE, {"file": file})
    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_a_large_picture_is_refused(client: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    answer = client.post(PICTURE, {"file": picture_file()})
    assert answer.status_code == 413
    assert answer.json() == {"message": "图片不能超过5MB"}


def test_who_may_write_no_product_stores_no_picture(staff: Any) -> None:
    reader = staff_client("view_product")
    assert reader.post(PICTURE, {"file": picture_file()}).status_code == 403
    outside = Client(enforce_csrf_checks=True)
    outside.force_login(staff)
    assert outside.post(PICTURE, {"file": picture_file()}).status_code == 403


def test_what_runs_goes_whatever_the_editor_was_made_to_send(
    client: Client, shirt: Product
) -> None:
    url = client.post(PICTURE, {"file": picture_file()}).json()["url"]
    sent = (
        '<div onclick="x()"><!--block-->好<strong>茶</strong><br></div>'
        '<figure data-trix-attachment="{}" class="attachment"><img src="'
        f'{url}" onerror="x()"><figcaption>图</figcaption></figure>'
        '<pre>a</pre><del>旧</del><a href="javascript:x()">看</a><script>x()</script>'
    )
    data = page_data(client, product_page(shirt)) | {"description": sent}
    assert client.post(product_page(shirt), data).status_code == 302
    assert facts(shirt)["description"] == (
        f'<div>好<strong>茶</strong><br></div>\n<img src="{url}">\n图'
        "<pre>a</pre><del>旧</del><a>看</a>x()"
    )


@pytest.mark.parametrize(
    "html",
    [
        "<table><tbody><tr><td>产地</td></tr></tbody></table>",
        "<p>香<br><b>浓</b></p>\n<ul><li>一</li></ul>",
        "第一行\n第二行",
        '<img src="https://x.cn/a.png" alt="图">',
    ],
)
def test_a_description_that_is_not_touched_stays(
    client: Client, shirt: Product, html: str
) -> None:
    Product.objects.update(description=html)
    before = facts(shirt)
    data = page_data(client, product_page(shirt))
    assert client.post(product_page(shirt), data).status_code == 302
    assert facts(shirt) == before


def test_the_limit_counts_what_is_kept(client: Client, shirt: Product) -> None:
    data = page_data(client, product_page(shirt))
    long = client.post(product_page(shirt), data | {"description": "长" * 20_001})
    assert errors(long) == ["描述长度不能超过20000"]
    kept = {"description": "<x>" * 7000 + "长" * 20_000}
    assert client.post(product_page(shirt), data | kept).status_code == 302
    assert facts(shirt)["description"] == "长" * 20_000


def test_its_pictures_are_looked_for_outside_of_the_transaction(
    transactional_db: None, client: Client, shirt: Product, settings: Any
) -> None:
    backend = f"{WatchedStorage.__module__}.{WatchedStorage.__name__}"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    WatchedStorage.seen.clear()
    url = client.post(PICTURE, {"file": picture_file()}).json()["url"]
    data = page_data(client, product_page(shirt))
    sent = data | {"description": f'<p><img src="{url}"></p>'}
    assert client.post(product_page(shirt), sent).status_code == 302
    assert facts(shirt)["description"] == f'<p><img src="{url}"></p>'
    assert len(WatchedStorage.seen) > 1
    assert set(WatchedStorage.seen) == {False}


def test_a_picture_of_a_description_is_in_use(client: Client, shirt: Product) -> None:
    url = client.post(PICTURE, {"file": picture_file()}).json()["url"]
    name = image_name(url)
    assert name
    others = [f"uploads/202601/{number:032x}.jpg" for number in range(20)]
    assert pictures_in_use([name, *others]) == set()
    Product.objects.update(
        description=f'<p><img src="{url}"></p><p><img src="{image_url(others[7])}"></p>'
    )
    with CaptureQueriesContext(connection) as captured:
        assert pictures_in_use([name, *others]) == {name, others[7]}
    # However many there are, no description is looked through for each.
    assert [query["sql"].count("description") for query in captured] == [0, 2]
