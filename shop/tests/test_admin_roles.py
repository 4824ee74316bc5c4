"""Who may see and do what in the admin, whatever their roles are called."""

from collections.abc import Callable
from functools import cache
from itertools import product

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, reverse
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from shop.tests import tables as database
from shop.tests.admin_routes import READ_ALONE, routes_of
from shop.tests.clerks import browser, clerk_with
from shop.tests.desks import MODELS, key_of, list_of, rows_make

# Open to who comes to log in, or to go.
DOORS = {"login", "login_code", "logout"}


@pytest.fixture
def clerks(db: None) -> Callable[..., Client]:
    """Return what makes the staff of each set of permissions once."""
    return cache(clerk_with)


def test_reading_is_not_writing(
    staff: User,
    shopper_api: APIClient,
    product_make: Callable[..., Product],
    clerks: Callable[..., Client],
) -> None:
    rows_make(shopper_api, product_make)
    boss = browser(staff)
    readers = {model: clerks(view_permission(model)) for model in MODELS}
    before = database.rows()
    wrong = []
    for model in MODELS:
        key = key_of(model, boss)
        for route in routes_of(model):
            if route.name.endswith(READ_ALONE):
                continue
            url = route.url(key)
            status = readers[model].post(url, {}).status_code
            if status != 403:
                wrong.append((url, status))
    assert wrong == []
    # Who clicks stays logged in.
    assert database.changes(before, database.rows()).keys() <= {"django_session"}


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


def site_pages() -> dict[str, str]:
    """Return the URL of each page of the site that belongs to no desk, by its name."""
    desks = {route.name for model in MODELS for route in routes_of(model)}
    samples = {"app_label": "accounts", "content_type_id": "1", "object_id": "1"}
    return {
        pattern.name: reverse(
            f"admin:{pattern.name}",
            kwargs={
                name: sample
                for name, sample in samples.items()
                if name in str(pattern.pattern)
            },
        )
        for pattern in admin.site.get_urls()
        if isinstance(pattern, URLPattern) and pattern.name not in {None, *desks}
    }


def test_every_page_of_the_site_itself_asks_for_a_login(shopper: User) -> None:
    """Whoever comes by whichever method, the doors aside, and nothing is written."""
    pages = site_pages()
    assert {"index", "second_factor", "autocomplete", "search"} <= pages.keys()
    outsiders = (Client(), browser(shopper))
    before = database.rows()
    for name in pages.keys() - DOORS:
        for outsider, method in product(outsiders, ("get", "post", "put", "delete")):
            answer = getattr(outsider, method)(pages[name])
            assert (name, answer.status_code) == (name, 302)
            assert answer["Location"].startswith("/admin/login/")
    assert database.changes(before, database.rows()) == {}
