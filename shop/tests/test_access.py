"""The access line in the process: who, by which route, without a query more."""

import logging
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User


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
