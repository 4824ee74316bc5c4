"""The desks of the admin, and rows for them to list."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import LoginFailure, User
from catalog.models import Category, Product
from orders.tests.conftest import ADDRESS

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def list_of(model: type[Model]) -> str:
    name = model._meta.label_lower.replace(".", "_")
    return reverse(f"admin:{name}_changelist")


def key_of(model: type[Model], boss: Client) -> Any:
    """Return the id of a row that the desk lists; 0 without one.

    Django answers for the row that is not there after it has asked for permission,
    its history aside, which then leads to the index.
    """
    listed = boss.get(list_of(model))
    first = next(iter(listed.context["cl"].result_list), None)
    return 0 if first is None else first.pk


def rows_make(shopper_api: APIClient, product_make: Callable[..., Product]) -> None:
    """Make a row of what has a desk, as far as it is quickly made."""
    shopper_api.post("/api/addresses", ADDRESS, format="json")
    category = Category.objects.create(name="茶")
    product = product_make(category=category)
    body = {
        "items": [{"productId": product.pk, "quantity": 1}],
        "address": ADDRESS,
    }
    assert shopper_api.post("/api/orders", body, format="json").status_code == 201
    Group.objects.create(name="一组")
    # Listed before the superuser, whom nobody else may touch.
    User.objects.create_user("anybody", "a-long-password-9")
    LoginFailure.objects.create(username="x", ip_address="198.51.100.1")
