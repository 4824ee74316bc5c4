"""What serves the back office is left out where a token is sent."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils.module_loading import import_string

from accounts.models import User
from shop.health import healthz

PAGES = {"session", "user", "_messages"}
SERVING_PAGES = [name for name in settings.MIDDLEWARE if ".pages." in name]


def left_on(path: str) -> set[str]:
    """Return what the middlewares of pages leave on a request of that path."""
    request = RequestFactory().get(path)
    answer: Callable[[HttpRequest], HttpResponse] = healthz
    for name in reversed(SERVING_PAGES):
        answer = import_string(name)(answer)
    answer(request)
    return PAGES & set(vars(request))


def test_a_page_has_a_session_and_its_user() -> None:
    assert len(SERVING_PAGES) == 3
    assert left_on("/admin/login/") == PAGES


@pytest.mark.parametrize("path", ["/api/orders", "/api/docs"])
def test_the_api_has_none(path: str) -> None:
    assert left_on(path) == set()


def test_django_still_finds_what_the_admin_needs() -> None:
    assert [fault for fault in run_checks() if fault.id.startswith("admin.")] == []


def test_a_cookie_of_staff_is_nobody_to_the_api(client: Client, staff: User) -> None:
    client.force_login(staff)
    assert client.get("/admin/").status_code == 200
    assert client.get("/api/auth/user").status_code == 401
    assert Session.objects.count() == 1
