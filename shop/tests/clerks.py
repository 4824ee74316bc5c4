"""Staff who hold certain permissions and no other, for tests of who may do what."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def permission_of(name: str) -> Permission:
    app, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def clerk_of(name: str, *permissions: str) -> Any:
    """Make staff with these permissions and no other."""
    clerk = get_user_model().objects.create_user(name, "a-long-password-9")
    clerk.user_permissions.set(map(permission_of, permissions))
    return clerk


def clerk_with(*permissions: str) -> Client:
    """Return staff with these permissions and no other, logged in."""
    count = get_user_model().objects.count()
    return browser(clerk_of(f"clerk-{count}", *permissions))
