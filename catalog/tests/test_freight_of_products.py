"""What products and their SKUs say of freight: on their page and in the API."""

from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Product
from catalog.services.freight import freight_template_create
from catalog.tests.admin_pages import errors, page_data, product_page
from catalog.tests.conftest import refused
from catalog.tests.test_freight_templates import CHANGE


def test_a_product_names_its_template_and_its_skus_weights(
    client: Client, shirt: Product
) -> None:
    template = freight_template_create(change=CHANGE)
    url = product_page(shirt)
    sent = page_data(client, url)
    assert (sent["freight_template"], sent["skus-0-weight_grams"]) == ("", "0")
    sent |= {"freight_template": template.pk, "skus-0-weight_grams": "250"}
    assert client.post(url, sent).status_code == 302
    weights = shirt.skus.order_by("position").values_list("weight_grams", flat=True)
    shirt.refresh_from_db()
    assert (shirt.freight_template, list(weights)) == (template, [250, 0])
    assert errors(
        client.post(url, page_data(client, url) | {"skus-0-weight_grams": "1000001"})
    ) == ["重量(克)不能大于1000000"]
    history = client.get(f"{url.removesuffix('change/')}history/").content.decode()
    assert "运费模板" in history
    assert "快递" in history


def test_the_api_writes_and_shows_template_and_weight(
    staff_api: APIClient, api: APIClient
) -> None:
    template = freight_template_create(change=CHANGE)
    plain = {
        "name": "茶",
        "price": "9.00",
        "weightGrams": 50,
        "freightTemplate": template.pk,
    }
    made = staff_api.post("/api/products", plain, format="json").json()["data"]
    url = f"/api/products/{made['id']}"
    shown = api.get(url).json()["data"]
    assert (shown["freightTemplate"], shown["skus"][0]["weightGrams"]) == (
        template.pk,
        50,
    )
    skus = [{"id": shown["skus"][0]["id"], "weightGrams": 75}]
    changed = staff_api.patch(
        url, {"skus": skus, "freightTemplate": None}, format="json"
    ).json()["data"]
    assert (changed["freightTemplate"], changed["skus"][0]["weightGrams"]) == (None, 75)
    # What is not sent stays.
    changed = staff_api.patch(url, {"price": "8.00"}, format="json").json()["data"]
    assert changed["skus"][0]["weightGrams"] == 75
    for sent, fields in (
        ({"freightTemplate": 999}, {"freightTemplate": "运费模板不存在"}),
        ({"weightGrams": 1_000_001}, {"weightGrams": "重量不能大于1000000"}),
        ({"weightGrams": -1}, {"weightGrams": "重量不能小于0"}),
    ):
        refused(staff_api.patch(url, sent, format="json"), **fields)
    both = {"weightGrams": 1, "skus": skus}
    refused(
        staff_api.patch(url, both, format="json"),
        skus="不能同时提交价格库存和SKU列表",
    )
    assert api.get(url).json()["data"]["skus"][0]["weightGrams"] == 75
