"""The migration that makes the roles, run again, and taken back."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from accounts.models import User

NAME = "0021_roles"
MIGRATION = import_module(f"orders.migrations.{NAME}")
EDITOR = SimpleNamespace(connection=connection)


@pytest.fixture(scope="module")
def historical() -> Any:
    """Return the models as the migration sees them."""
    return MigrationLoader(None).project_state(("orders", NAME)).apps


@pytest.fixture(autouse=True)
def as_made(db: None, historical: Any) -> None:
    """Take from the roles what later migrations have given them."""
    Group.objects.all().delete()
    MIGRATION.make(historical, EDITOR)


def roles() -> dict[str, int]:
    return {group.name: group.permissions.count() for group in Group.objects.all()}


def permissions_known() -> set[tuple[Any, ...]]:
    return set(Permission.objects.values_list("content_type", "codename", "name"))


def test_again_it_changes_nothing(db: None, historical: Any) -> None:
    before, permissions = roles(), Permission.objects.count()
    assert list(before) == list(MIGRATION.ROLES)
    MIGRATION.make(historical, EDITOR)
    assert (roles(), Permission.objects.count()) == (before, permissions)


def test_a_group_of_that_name_is_left_as_it_is(db: None, historical: Any) -> None:
    theirs = Group.objects.get(name="客服")
    theirs.permissions.set(Permission.objects.filter(codename="view_shopper"))
    Group.objects.get(name="财务").delete()
    MIGRATION.make(historical, EDITOR)
    assert roles()["客服"] == 1
    assert roles()["财务"] > 10


def test_it_makes_the_permissions_that_are_not_there_yet(
    db: None, historical: Any
) -> None:
    """As on an empty database: Django makes them after the last migration."""
    before = permissions_known()
    Group.objects.all().delete()
    apps = {one.split(".")[0] for named in MIGRATION.ROLES.values() for one in named}
    Permission.objects.filter(content_type__app_label__in=apps).delete()
    MIGRATION.make(historical, EDITOR)
    # Not those of models that came later.
    assert permissions_known() <= before
    held = {name: len(set(codenames)) for name, codenames in MIGRATION.ROLES.items()}
    assert roles() == held


def test_taken_back_it_leaves_what_a_shop_has_made_its_own(
    db: None, historical: Any
) -> None:
    User.objects.create_user("clerk", "a-long-password-9").groups.add(
        Group.objects.get(name="客服")
    )
    changed = Group.objects.get(name="财务")
    changed.permissions.remove(changed.permissions.all()[0])
    Group.objects.create(name="兼职")
    MIGRATION.take_away(historical, EDITOR)
    assert set(roles()) == {"客服", "财务", "兼职"}
    MIGRATION.make(historical, EDITOR)
    assert set(roles()) == {*MIGRATION.ROLES, "兼职"}
