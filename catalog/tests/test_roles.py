"""Who may write products."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from catalog.models import Product

WRITES = {
    "add": ("post", "", 201),
    "change": ("put", "/{pk}", 200),
    "change ": ("patch", "/{pk}", 200),
    "delete": ("delete", "/{pk}", 200),
}


def write(api: APIClient, permission: str, product: Product) -> int:
    """Try one write; return its status."""
    method, path, _ = WRITES[permission]
    body = {"name": "新", "price": "1.00"}
    url = f"/api/products{path.format(pk=product.pk)}"
    status: int = getattr(api, method)(url, body, format="json").status_code
    return status


def untouched(product: Product) -> bool:
    rows = list(Product.objects.values_list("pk", "name", "status"))
    return rows == [(product.pk, "龙井茶", "on_sale")]


@pytest.fixture
def product(product_make: Callable[..., Product]) -> Product:
    return product_make("龙井茶")


@pytest.mark.parametrize("permission", WRITES)
def test_strangers_are_asked_to_log_in(
    api: APIClient, product: Product, permission: str
) -> None:
    assert write(api, permission, product) == 401
    api.credentials(HTTP_AUTHORIZATION="Bearer rubbish")
    assert write(api, permission, product) == 401
    assert untouched(product)


@pytest.mark.parametrize("permission", WRITES)
def test_shoppers_are_refused(
    shopper_api: APIClient, product: Product, permission: str
) -> None:
    assert write(shopper_api, permission, product) == 403
    assert untouched(product)


@pytest.mark.parametrize("permission", WRITES)
def test_staff_need_exactly_the_permission(
    staff: Any, staff_api: APIClient, product: Product, permission: str
) -> None:
    staff.is_superuser = False
    staff.save()
    wanted = f"{permission.strip()}_product"
    others = Permission.objects.filter(content_type__app_label="catalog")
    staff.user_permissions.set(others.exclude(codename=wanted))
    assert write(staff_api, permission, product) == 403
    assert untouched(product)
    staff.user_permissions.set(others.filter(codename=wanted))
    assert write(staff_api, permission, product) == WRITES[permission][2]
    assert not untouched(product)


def test_a_shopper_with_the_permission_stays_a_shopper(
    shopper: Any, shopper_api: APIClient, product: Product
) -> None:
    shopper.user_permissions.set(Permission.objects.all())
    assert write(shopper_api, "change", product) == 403
    assert untouched(product)


def test_writes_are_limited_per_account(
    staff_api: APIClient, product: Product, settings: Any, still_clock: int
) -> None:
    settings.RATELIMITS = {**settings.RATELIMITS, "write": "1/900s"}
    assert [write(staff_api, "change", product) for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_the_list_itself_cannot_be_written(staff_api: APIClient, method: str) -> None:
    assert getattr(staff_api, method)("/api/products").status_code == 405
