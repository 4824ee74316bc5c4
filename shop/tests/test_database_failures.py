"""What is answered when the database does not do as it should."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Sku
from conftest import PATIENCE_SECONDS, alone
from orders.models import Order
from orders.tests.conftest import body, line
from shop.tests.conftest import assert_envelope


@pytest.mark.usefixtures("broken", "transactional_db")
def test_row_that_breaks_a_constraint_is_not_logged(
    api: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = api.get("/api/row?phone=13811112222")
    assert_envelope(response, 500, "server_error", "服务器错误,请稍后重试")
    assert "unhandled error: IntegrityError 23502" in caplog.text
    assert "broken_urls.py" in caplog.text
    assert "13811112222" not in caplog.text + response.content.decode()


@pytest.mark.usefixtures("broken", "transactional_db")
def test_statement_timeout_is_busy(api: APIClient) -> None:
    try:
        response = api.get("/api/sleep")
    finally:
        connection.close()
    assert_envelope(response, 503, "busy", "系统繁忙,请稍后再试")
    assert response.headers["Retry-After"] == "1"


def test_lock_timeout_is_busy(
    transactional_db: None, shopper_api: APIClient, product_make: Callable[..., Any]
) -> None:
    product = product_make()
    is_locked, may_end = threading.Event(), threading.Event()

    @alone
    def hold() -> None:
        with transaction.atomic():
            assert list(Sku.objects.select_for_update())
            is_locked.set()
            may_end.wait(PATIENCE_SECONDS)

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_locked.wait(PATIENCE_SECONDS)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        order = body(line(product))
        response = shopper_api.post("/api/orders", order, format="json")
    finally:
        may_end.set()
        holder.join()
        connection.close()
    assert_envelope(response, 503, "busy", "系统繁忙,请稍后再试")
    assert response.headers["Retry-After"] == "1"
    assert Order.objects.count() == 0
    assert Sku.objects.get().stock == 10


def test_settings_of_the_connection_hold_the_timeouts(db: None) -> None:
    """The two tests above shorten what the settings give to each connection."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("3s",)
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("5s",)


def test_database_away_or_without_tables(
    api: APIClient, shopper_api: APIClient, database_useless: Callable[[], None]
) -> None:
    database_useless()
    for response in (
        shopper_api.get("/api/orders"),
        shopper_api.post("/api/orders", {}, format="json"),
        api.get("/api/products?keyword=x"),
        api.get("/api/products/1"),
    ):
        assert_envelope(response, 503, "unavailable", "服务暂时不可用,请稍后再试")
        assert response.headers["Retry-After"] == "2"
        assert "connection" not in response.content.decode()


def test_database_away_or_without_tables_is_a_page_in_the_back_office(
    database_useless: Callable[[], None], staff: User, client: Client
) -> None:
    client.force_login(staff)
    # Not the test's own error: what a browser would be shown.
    client.raise_request_exception = False
    database_useless()
    for path in ("/admin/", "/admin/login/", "/admin/orders/order/"):
        page = client.get(path)
        assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "服务暂时不可用,请稍后再试" in page.content.decode()


@pytest.mark.usefixtures("broken", "db")
def test_a_statement_that_no_migration_mends_is_a_crash(api: APIClient) -> None:
    response = api.get("/api/broken/statement")
    assert_envelope(response, 500, "server_error")


def test_database_comes_back(
    shopper_api: APIClient, database_away: Callable[[], None]
) -> None:
    """A broken connection is not kept: the request after the outage is served."""
    port = connection.settings_dict["PORT"]
    database_away()
    assert shopper_api.get("/api/orders").status_code == 503
    connection.settings_dict["PORT"] = port
    assert shopper_api.get("/api/orders").status_code == 200
