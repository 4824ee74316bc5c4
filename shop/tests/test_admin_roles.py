"""Who may see and do what in the admin: each URL of each desk, for each caller."""

from collections.abc import Callable
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

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OK = {200, 302}


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def permission_of(name: str) -> Permission:
    app, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def clerk_of(name: str, *permissions: str) -> User:
    """Make staff with these permissions and no other."""
    clerk = User.objects.create_user(name, "a-long-password-9")
    clerk.user_permissions.set(map(permission_of, permissions))
    return clerk


def clerk_with(*permissions: str) -> Client:
    """Return staff with these permissions and no other, logged in."""
    return browser(clerk_of(f"clerk-{User.objects.count()}", *permissions))


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


def key_of(model: type[Model], boss: Client) -> Any:
    """Return the id of a row that the desk lists; 0 without one.

    Django answers for the row that is not there after it has asked for permission,
    its history aside, which then leads to the index.
    """
    listed = boss.get(
        reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
    )
    first = next(iter(listed.context["cl"].result_list), None)
    return 0 if first is None else first.pk


def statuses(client: Client, url: str) -> set[int]:
    return {client.get(url).status_code, client.post(url).status_code}


def refusals_expected(route: AdminRoute, key: Any) -> set[int]:
    return {302} if route.name.endswith("_history") and key == 0 else {403}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_each_url_lets_in_who_has_the_permission_and_nobody_else(
    model: type[Model], rows: None, staff: User, shopper: User
) -> None:
    boss, nobody = browser(staff), clerk_with()
    row = key_of(model, boss)
    wrong = []
    for route in routes_of(model):
        url = route.url(row)
        for outside in (Client(), browser(shopper)):
            answer = outside.get(url)
            if answer.status_code != 302 or "/admin/login/" not in answer["Location"]:
                wrong.append((url, "outside", answer.status_code))
        if statuses(nobody, url) != refusals_expected(route, row):
            wrong.append((url, "nobody", statuses(nobody, url)))
        # Some desks refuse a deed to everybody: nothing is added to a record.
        for_boss = boss.get(url).status_code
        is_closed = for_boss == 403 or route.name in SUPERUSERS_ALONE
        if for_boss not in {*OK, 403}:
            wrong.append((url, "boss", for_boss))
        for key in route.keys:
            status = clerk_with(*key).get(url).status_code if is_known(key) else 403
            if status not in ({403} if is_closed else OK):
                wrong.append((url, key, status))
    assert wrong == []


def is_known(key: tuple[str, ...]) -> bool:
    """Say whether there are such permissions: a proxy may go without."""
    for permission in key:
        app, _, name = permission.partition(".")
        known = Permission.objects.filter(content_type__app_label=app, codename=name)
        if not known.exists():
            return False
    return True


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_reading_is_not_writing(model: type[Model], rows: None, staff: User) -> None:
    opts = model._meta
    key = key_of(model, browser(staff))
    reader = clerk_with(f"{opts.app_label}.view_{opts.model_name}")
    for route in routes_of(model):
        url = route.url(key)
        if route.name.endswith(READ_ALONE):
            continue
        assert reader.post(url, {}).status_code == 403, url


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_index_and_sidebar_show_what_may_be_seen(model: type[Model], db: None) -> None:
    opts = model._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    link = f'href="{url}"'
    reader = clerk_with(f"{opts.app_label}.view_{opts.model_name}")
    assert link in reader.get("/admin/").content.decode()
    assert link not in clerk_with().get("/admin/").content.decode()


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
