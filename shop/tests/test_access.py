"""The access line in the process: who, by which route, without a query more."""

import logging
import sys
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from shop.logs.handlers import RefusalFilter


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """Return what reads the facts of the access lines so far."""
    logger = logging.getLogger("shop.access")
    logger.addHandler(caplog.handler)
    yield lambda: [r.access for r in caplog.records if r.name == "shop.access"]
    logger.removeHandler(caplog.handler)


def test_a_shopper_is_named(shopper_api: APIClient, shopper: User, lines: Any) -> None:
    answer = shopper_api.get("/api/orders/20260101ABC?x=13912345678")
    [line] = lines()
    assert line.pop("milliseconds") >= 0
    assert line == {
        "user_id": shopper.pk,
        "route": "/api/orders/{orderNo}",
        "method": "GET",
        "path": "/api/orders/20260101ABC",
        "status": 404,
        "bytes": len(answer.content),
        "client": "127.0.0.1",
    }


def test_staff_in_the_admin_are_named_and_visitors_cost_no_query(
    client: Client, staff: User, lines: Any, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        client.get("/healthz")
        client.get("/nowhere")
    client.force_login(staff)
    client.get("/admin/")
    assert [(line["user_id"], line["route"]) for line in lines()] == [
        (None, "/healthz"),
        (None, "unmatched"),
        (staff.pk, "/admin/"),
    ]


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/products", "/api/products"),
        ("/api/products/5", "/api/products/{pk}"),
        ("/api/addresses/5", "/api/addresses/{pk}"),
        ("/api/none/at/all", "/api/"),
        (
            "/admin/catalog/product/7/change/",
            "/admin/catalog/product/{object_id}/change/",
        ),
        ("/media/uploads/202601/x.jpg", "/media/{path}"),
    ],
)
def test_routes_are_templates(
    client: Client, db: None, lines: Any, path: str, route: str
) -> None:
    client.get(path)
    assert lines()[0]["route"] == route


def test_a_path_begins_no_line_of_its_own(client: Client, db: None, lines: Any) -> None:
    client.get("/api/none%0a2026-11-26 INFO GET / 200%00")
    [line] = lines()
    assert line["path"] == "/api/none%0A2026-11-26%20INFO%20GET%20/%20200%00"


def test_a_refusal_is_one_line() -> None:
    refusal = RefusalFilter()
    for status, is_cut in ((403, True), (500, False)):
        try:
            raise PermissionDenied
        except PermissionDenied:
            record = logging.LogRecord(
                *("django.request", logging.WARNING, "", 1, "Forbidden: %s", ("/x",)),
                sys.exc_info(),
            )
        record.status_code = status
        assert refusal.filter(record)
        assert (record.exc_info is None) == is_cut
