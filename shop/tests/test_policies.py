"""What a browser may do with each answer, and what no other site can make it do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from shop.policies import NOTHING
from shop.tests.admin_routes import routes_of

POLICY = "Content-Security-Policy"
FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
PAGE = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "connect-src 'self'; font-src 'self'; "
)
ADMIN = (
    PAGE + "script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob: https:"
)
DOCS = PAGE + "script-src 'self'; style-src 'self'; img-src 'self' data:"
# Of every answer, a page or not.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def told(answer: Any) -> dict[str, str]:
    """Return what an answer tells a browser."""
    names = (POLICY, "Permissions-Policy", *ALWAYS)
    return {name: answer[name] for name in names if name in answer}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/products", 200),
        ("/api/home", 200),
        ("/api/schema", 200),
        ("/api/auth/user", 401),
        ("/api/nothing", 404),
        ("/nothing", 404),
        ("/healthz", 200),
        ("/metrics", 404),
        ("/media/uploads/none.jpg", 404),
    ],
)
def test_what_is_no_page_may_do_nothing(api: APIClient, path: str, status: int) -> None:
    answer = api.get(path)
    assert (answer.status_code, told(answer)) == (status, {POLICY: NOTHING, **ALWAYS})


def test_nor_may_what_is_refused_before_it_is_read(api: APIClient) -> None:
    for path in ("/api/products", "/nothing"):
        answer = api.get(path, HTTP_TRANSFER_ENCODING="chunked")
        assert (answer.status_code, told(answer)) == (400, {POLICY: NOTHING, **ALWAYS})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/login/", 200),
        ("/admin/", 302),
        ("/admin/nothing/", 302),
        ("/admin/login/code/", 302),
    ],
)
def test_pages_of_the_admin_run_files_of_ours(
    client: Client, settings: Any, path: str, status: int
) -> None:
    settings.PUBLIC_URL = "https://shop.example"
    answer = client.get(path)
    assert answer.status_code == status
    assert told(answer) == {
        POLICY: ADMIN,
        "Permissions-Policy": FEATURES,
        **ALWAYS,
    }


def test_so_do_the_pages_of_its_refusals(client: Client, staff: User) -> None:
    client.force_login(staff)
    for answer, status in (
        (client.get("/admin/nothing/"), 404),
        (Client(enforce_csrf_checks=True).post("/admin/login/"), 403),
    ):
        assert answer.status_code == status
        assert b"<html" in answer.content
        assert answer[POLICY].startswith(PAGE)


def test_pictures_without_tls_are_shown_where_they_lie(
    client: Client, settings: Any
) -> None:
    """While developing: another name of this machine, a bucket on it."""
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    settings.S3_PUBLIC_URL = "http://127.0.0.1:9000/pictures"
    policy = client.get("/admin/login/")[POLICY]
    assert policy == f"{ADMIN} http://127.0.0.1:8000 http://127.0.0.1:9000"


def test_the_documents_run_no_text(api: APIClient) -> None:
    page = api.get("/api/docs")
    assert told(page) == {POLICY: DOCS, "Permissions-Policy": FEATURES, **ALWAYS}
    assert page.cookies == {}
    assert page.content.count(b"<script") == page.content.count(b"<script src=") == 2


# --- other sites --------------------------------------------------------------------


def test_no_desk_takes_a_form_of_another_site(
    client: Client, staff: User, product_make: Callable[..., Product]
) -> None:
    """Every URL of every desk, whatever it does with a form."""
    product = product_make()
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(staff)
    urls = [
        route.url(product.pk)
        for model in admin.site._registry
        for route in routes_of(model)
    ]
    own = ("password_change", "logout", "login", "login_code", "second_factor")
    urls += [reverse(f"admin:{name}") for name in own]
    assert len(urls) > 150
    taken = {url for url in urls if forged.post(url).status_code != 403}
    assert taken == set()
    product.refresh_from_db()
    assert product.status == "on_sale"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "https:evil.example",
        "\thttps://evil.example/",
        "javascript:alert(1)",
        "http://testserver@evil.example/",
    ],
)
def test_a_login_leads_nowhere_else(
    client: Client, staff: User, elsewhere: str
) -> None:
    form = {"username": staff.username, "password": "a-long-password-9"}
    come = client.post("/admin/login/", form | {"next": elsewhere})
    assert (come.status_code, come["Location"]) == (302, "/admin/")
    # Who is logged in already is led on at once.
    seen = client.get("/admin/login/", {"next": elsewhere})
    assert (seen.status_code, seen["Location"]) == (302, "/admin/")
    gone = client.post("/admin/logout/", {"next": elsewhere})
    assert gone.status_code == 200
