"""Who may see and do what in the admin: each URL of each desk, for each caller."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import LoginFailure, User
from catalog.models import Category, Product
from orders.tests.conftest import ADDRESS
from shop.tests.admin_routes import (
    READ_ALONE,
    SUPERUSERS_ALONE,
    AdminRoute,
    routes_of,
)
from shop.tests.clerks import browser, clerk_with

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OK = {200, 302}


@pytest.fixture
def clerks(db: None) -> Callable[..., Client]:
    """Return what makes the staff of each set of permissions once."""
    return cache(clerk_with)


@pytest.fixture
def rows(shopper_api: APIClient, product_make: Callable[..., Product]) -> None:
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


def statuses(client: Client, url: str) -> set[int]:
    return {client.get(url).status_code, client.post(url).status_code}


def refusals_expected(route: AdminRoute, key: Any) -> set[int]:
    return {302} if route.name.endswith("_history") and key == 0 else {403}


def test_each_url_lets_in_who_has_the_permission_and_nobody_else(
    rows: None, staff: User, shopper: User, clerks: Callable[..., Client]
) -> None:
    boss, nobody = browser(staff), clerks()
    outsiders = (Client(), browser(shopper))
    known = permissions_known()
    wrong: list[tuple[Any, ...]] = []
    for model in MODELS:
        row = key_of(model, boss)
        for route in routes_of(model):
            url = route.url(row)
            for outsider in outsiders:
                answer = outsider.get(url)
                to_login = "/admin/login/" in answer.get("Location", "")
                if answer.status_code != 302 or not to_login:
                    wrong.append((url, "outside", answer.status_code))
            refused = statuses(nobody, url)
            if refused != refusals_expected(route, row):
                wrong.append((url, "nobody", refused))
            # Some desks refuse a deed to everybody: nothing is added to a record.
            for_boss = boss.get(url).status_code
            is_closed = for_boss == 403 or route.name in SUPERUSERS_ALONE
            if for_boss not in {*OK, 403}:
                wrong.append((url, "boss", for_boss))
            for key in route.keys:
                is_known = known.issuperset(key)
                status = clerks(*key).get(url).status_code if is_known else 403
                if status not in ({403} if is_closed else OK):
                    wrong.append((url, key, status))
    assert wrong == []


def permissions_known() -> set[str]:
    """Return the permissions that there are: a proxy may go without."""
    found = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in found}


def test_reading_is_not_writing(
    rows: None, staff: User, clerks: Callable[..., Client]
) -> None:
    boss = browser(staff)
    wrong = []
    for model in MODELS:
        key = key_of(model, boss)
        reader = clerks(view_permission(model))
        for route in routes_of(model):
            if route.name.endswith(READ_ALONE):
                continue
            url = route.url(key)
            status = reader.post(url, {}).status_code
            if status != 403:
                wrong.append((url, status))
    assert wrong == []


def test_index_and_sidebar_show_what_may_be_seen(
    clerks: Callable[..., Client],
) -> None:
    of_nobody = clerks().get("/admin/").content.decode()
    wrong = []
    for model in MODELS:
        link = f'href="{list_of(model)}"'
        page = clerks(view_permission(model)).get("/admin/").content.decode()
        if link not in page or link in of_nobody:
            wrong.append(model._meta.label)
    assert wrong == []


def view_permission(model: type[Model]) -> str:
    return f"{model._meta.app_label}.view_{model._meta.model_name}"


def test_every_page_of_the_site_itself_asks_for_a_login(db: None) -> None:
    for name in (
        "index",
        "password_change",
        "password_change_done",
        "second_factor",
        "autocomplete",
        "search",
        "jsi18n",
    ):
        answer = Client().get(reverse(f"admin:{name}"))
        assert (name, answer.status_code) == (name, 302)
        assert answer["Location"].startswith("/admin/login/")
    answer = Client().get(reverse("admin:app_list", args=["accounts"]))
    assert answer.status_code == 302
