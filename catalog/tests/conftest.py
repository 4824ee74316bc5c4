"""What the tests of the catalogue share."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Product, ProductImage, Sku, StockMovement
from catalog.services.products import product_create
from catalog.services.skus import SkuChange
from shop.api.images import image_url


def listed(api: APIClient, **query: Any) -> list[str]:
    """Return the names on the first page of 100; the answer must be 200."""
    response = api.get("/api/products", {"size": 100, **query})
    assert response.status_code == 200, response.content
    return [product["name"] for product in response.json()["data"]["list"]]


def refused(response: Any, **fields: str) -> None:
    """Assert a 400 that names exactly these fields."""
    data = response.json()["data"]
    assert response.status_code == 400, response.content
    assert data["fields"] == {name: [text] for name, text in fields.items()}


def ledger(product_id: int) -> list[tuple[str, int, int]]:
    """Return (reason, delta, balance) of all movements, the first first."""
    rows = StockMovement.objects.filter(sku__product=product_id).order_by("pk")
    return list(rows.values_list("reason", "delta", "balance"))


def skus(product_id: int) -> list[tuple[dict[str, str], str, int, bool]]:
    """Return (specs, price, stock, is_active) of all SKUs, retired ones too."""
    rows = Sku.objects.filter(product=product_id).order_by("pk")
    return [(row.specs, str(row.price), row.stock, row.is_active) for row in rows]


def images(product_id: int) -> list[str]:
    rows = ProductImage.objects.filter(product=product_id).order_by("position")
    return list(rows.values_list("file", flat=True))


@pytest.fixture
def upload_make() -> Callable[[str], str]:
    """Return a maker of uploads: one hexadecimal digit in, the URL out."""

    def make(digit: str) -> str:
        name = f"uploads/202601/{digit * 32}.jpg"
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(b"a picture"))
        return image_url(name)

    return make


@pytest.fixture
def client(staff: Any) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def shirt(staff: Any) -> Product:
    """A product of two SKUs."""
    return product_create(
        fields={"name": "T恤", "description": "纯棉"},
        skus=[
            SkuChange(specs={"颜色": "红", "尺码": "M"}, price=Decimal(59), stock=5),
            SkuChange(specs={"颜色": "蓝", "尺码": "M"}, price=Decimal(69), stock=7),
        ],
        operator_id=staff.pk,
    )
