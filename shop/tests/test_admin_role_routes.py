"""What each role of the migration lets its members open: each URL of each desk."""

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.management import _get_all_permissions
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import Staff, User
from shop.tests.admin_routes import SUPERUSERS_ALONE, routes_of

MIGRATION = import_module("orders.migrations.0021_roles")
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)

# Role, desk, and what may be opened there; "view" is the list and the page.
TABLE = {
    "店主": {
        "accounts.loginfailure": "view",
        "accounts.shopper": "view deactivate activate",
        "accounts.staff": "view add roles password reset_second_factor"
        " deactivate activate",
        "auth.group": "view",
        "catalog.category": "view add delete",
        "catalog.product": "view add delete",
        "catalog.sku": "view adjust ledger",
        "catalog.stockmovement": "view",
        "orders.billcheck": "view run",
        "orders.billdifference": "view resolve",
        "orders.order": "view ship correct refund reprice cancel",
        "orders.payment": "view",
        "orders.paymentanomaly": "view handle",
        "orders.paymentnotice": "view replay",
        "orders.refund": "view approve reject retry query by_hand",
        "orders.shippingupload": "view resend drop",
        "orders.subscribemessage": "view",
        "procrastinate.procrastinatejob": "view retry",
    },
    "商品": {
        "catalog.category": "view add delete",
        "catalog.product": "view add delete",
        "catalog.sku": "view adjust ledger",
        "catalog.stockmovement": "view",
    },
    "订单": {
        "catalog.product": "view",
        "catalog.sku": "view",
        "orders.order": "view ship correct reprice cancel",
        "orders.refund": "view",
        "orders.shippingupload": "view resend drop",
        "orders.subscribemessage": "view",
    },
    "客服": {
        "accounts.shopper": "view deactivate activate",
        "catalog.product": "view",
        "orders.order": "view refund cancel",
        "orders.refund": "view approve reject",
    },
    "财务": {
        "orders.billcheck": "view run",
        "orders.billdifference": "view resolve",
        "orders.order": "view",
        "orders.payment": "view",
        "orders.paymentanomaly": "view handle",
        "orders.paymentnotice": "view replay",
        "orders.refund": "view retry query by_hand",
        "procrastinate.procrastinatejob": "view retry",
    },
    "只读": {
        "accounts.shopper": "view",
        "catalog.category": "view",
        "catalog.product": "view",
        "catalog.sku": "view ledger",
        "catalog.stockmovement": "view",
        "orders.billcheck": "view",
        "orders.billdifference": "view",
        "orders.order": "view",
        "orders.payment": "view",
        "orders.paymentanomaly": "view",
        "orders.refund": "view",
        "orders.shippingupload": "view",
        "orders.subscribemessage": "view",
    },
}
REVEALING = {"店主", "订单", "客服"}


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def member_of(role: str) -> tuple[User, Client]:
    user = User.objects.create_user("member", "a-long-password-9")
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return user, client


def words_of(name: str, prefix: str) -> str:
    word = name.removeprefix(prefix)
    return "view" if word in {"changelist", "change"} else word


@pytest.mark.parametrize("role", TABLE)
def test_each_url_lets_in_whom_the_role_says(role: str, staff: User) -> None:
    """A route that a role should open, and that nobody may, is closed to superusers."""
    user, client = member_of(role)
    boss = Client()
    boss.force_login(staff)
    somebody = User.objects.create_user("somebody", "a-long-password-9")
    opened: dict[str, set[str]] = {}
    wrong = []
    for model in MODELS:
        label = model._meta.label_lower
        # Permission is asked for before the row is: only accounts depend on theirs.
        key = somebody.pk if model is Staff else 0
        for route in routes_of(model):
            if route.name.endswith("_history"):
                # It asks what the page asks; without a row everybody is led home.
                continue
            is_let_in = client.get(route.url(key)).status_code != 403
            if is_let_in:
                word = words_of(route.name, f"{label.replace('.', '_')}_")
                opened.setdefault(label, set()).add(word)
            may = user.has_perms(route.permissions)
            if is_let_in > may:
                wrong.append((route.name, "is open"))
            if is_let_in < may and boss.get(route.url(key)).status_code != 403:
                wrong.append((route.name, "is shut"))
    assert wrong == []
    assert opened == {label: set(words.split()) for label, words in TABLE[role].items()}


@pytest.mark.parametrize("role", TABLE)
def test_the_sidebar_shows_what_the_role_may_see(role: str, db: None) -> None:
    _, client = member_of(role)
    page = client.get("/admin/").content.decode()
    shown = {
        model._meta.label_lower
        for model in MODELS
        if f'href="{list_of(model)}"' in page
    }
    assert shown == set(TABLE[role])
    assert set(re.findall(r'href="(/admin/\w+/\w+/)"', page)) == {
        list_of(model) for model in MODELS if model._meta.label_lower in shown
    }


def list_of(model: Any) -> str:
    name = model._meta.label_lower.replace(".", "_")
    return reverse(f"admin:{name}_changelist")


@pytest.mark.parametrize("role", TABLE)
def test_who_sees_people_whole(role: str, db: None) -> None:
    user, _ = member_of(role)
    assert user.has_perm("accounts.reveal_shopper") == (role in REVEALING)


def declared() -> dict[str, str]:
    """Return the permissions that the models ask for, with their names."""
    return {
        f"{model._meta.app_label}.{codename}": name
        for model in apps.get_models()
        for codename, name in _get_all_permissions(model._meta)
    }


def test_the_roles_hold_what_the_migration_says(db: None) -> None:
    known = declared()
    for role, named in MIGRATION.ROLES.items():
        held = {
            f"{one.content_type.app_label}.{one.codename}"
            for one in Permission.objects.filter(group__name=role)
        }
        assert held == {one for one in named if one in known}, role


def test_the_owner_opens_what_a_superuser_opens(staff: User) -> None:
    owner, _ = member_of("店主")
    boss = Client()
    boss.force_login(staff)
    for model in MODELS:
        for route in routes_of(model):
            if route.name not in SUPERUSERS_ALONE and not owner.has_perms(
                route.permissions
            ):
                key = owner.pk if model is Staff else 0
                assert boss.get(route.url(key)).status_code == 403, route.name
