"""Who may open what in the admin: each URL of each desk, for each caller."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from shop.tests.admin_routes import SUPERUSERS_ALONE, AdminRoute, routes_of
from shop.tests.clerks import browser, clerk_with
from shop.tests.desks import MODELS, key_of, rows_make

OK = {200, 302}


def statuses(client: Client, url: str) -> set[int]:
    return {client.get(url).status_code, client.post(url).status_code}


def refusals_expected(route: AdminRoute, key: Any) -> set[int]:
    return {302} if route.name.endswith("_history") and key == 0 else {403}


def test_each_url_lets_in_who_has_the_permission_and_nobody_else(
    staff: User,
    shopper: User,
    shopper_api: APIClient,
    product_make: Callable[..., Product],
) -> None:
    rows_make(shopper_api, product_make)
    clerks = cache(clerk_with)
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
