"""What staff put on the home page, as the tests write it, and what shoppers see."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Banner, HomeSection, Product
from catalog.services.banners import banner_create
from catalog.services.home_sections import home_section_create

IMAGE = f"uploads/202601/{'a' * 32}.jpg"
NOW = datetime(2027, 1, 31, 16, tzinfo=timezone.get_default_timezone())


def banner(title: str = "新茶", **fields: Any) -> Banner:
    known = {"title": title, "image": IMAGE, "target_kind": "nothing"}
    return banner_create(fields=known | fields, operator_id=None)


def section(title: str, kind: str, *products: Product, **fields: Any) -> HomeSection:
    return home_section_create(
        fields={"title": title, "kind": kind} | fields,
        product_ids=[product.pk for product in products],
        operator_id=None,
    )


def home(api: APIClient) -> dict[str, Any]:
    response = api.get("/api/home")
    assert response.status_code == 200, response.content
    data: dict[str, Any] = response.json()["data"]
    return data


def titles(api: APIClient) -> list[str]:
    return [one["title"] for one in home(api)["banners"]]


def names(products: list[dict[str, Any]]) -> list[str]:
    return [product["name"] for product in products]
