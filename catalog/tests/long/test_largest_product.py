"""The page of a product at its limit, which takes seconds to be drawn and sent."""

from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from catalog.models import Product, Sku
from catalog.services.skus import SKUS_MAX
from catalog.tests.admin_pages import (
    errors,
    facts,
    page_data,
    product_page,
    sku_row,
)


def test_the_largest_product_is_saved(client: Client, shirt: Product) -> None:
    Sku.objects.bulk_create(
        Sku(product=shirt, specs={"颜色": "绿", "尺码": str(n)}, price=1, image="a.jpg")
        for n in range(SKUS_MAX - 2)
    )
    data = page_data(client, product_page(shirt)) | {"name": "新"}
    # As browsers do: a part for each file that was not chosen.
    body = encode_multipart(BOUNDARY, data)[: -len(f"--{BOUNDARY}--\r\n")]
    for number in range(SKUS_MAX):
        body += (
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
            f'name="skus-{number}-image-upload"; filename=""\r\n'
            "Content-Type: application/octet-stream\r\n\r\n\r\n"
        ).encode()
    body += f"--{BOUNDARY}--\r\n".encode()
    sent = client.generic("POST", product_page(shirt), body, MULTIPART_CONTENT)
    assert sent.status_code == 302
    assert facts(shirt)["name"] == "新"
    assert Sku.objects.active().filter(product=shirt).count() == SKUS_MAX
    # One more is too much.
    data |= sku_row(SKUS_MAX, "颜色:绿 尺码:特大", "1", "1")
    data |= {"skus-TOTAL_FORMS": SKUS_MAX + 1}
    data |= {"version": Product.objects.get().version}
    assert errors(client.post(product_page(shirt), data)) == ["最多200个SKU"]
    assert Sku.objects.count() == SKUS_MAX
