"""What the trade adds to the figures of /metrics."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Product
from orders.jobs import orders_sweep
from orders.models import Order, Payment
from orders.services.closing import orders_expire
from orders.tests.conftest import body, line, placed
from orders.tests.test_jobs import run_worker
from shop.devstack.simulator.process import SimulatorProcess
from shop.metrics import registry
from shop.metrics_view import PartsCollector
from shop.tests.web_process import WebProcess


@pytest.fixture
def grown() -> Callable[..., float]:
    """Return what tells by how much a figure has grown since the test began."""
    before = figures()
    return lambda name, **labels: (
        figures()[key(name, labels)] - before.get(key(name, labels), 0)
    )


def key(name: str, labels: dict[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def figures() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        key(sample.name, sample.labels): sample.value
        for family in registry.collect()
        for sample in family.samples
    }


@pytest.mark.usefixtures("transactional_db")
def test_orders_are_counted_once_they_are_committed(
    shop_server: Any,
    simulator: SimulatorProcess,
    wechat_api: APIClient,
    tea: Product,
    grown: Callable[..., float],
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    pay = wechat_api.post(f"/api/orders/{order_no}/pay").json()["data"]
    simulator.pay(prepay_id=pay["package"].removeprefix("prepay_id="))
    simulator.notify(Payment.objects.get().out_trade_no)
    keyed = {"HTTP_IDEMPOTENCY_KEY": "k"}
    for _ in range(2):
        answer = wechat_api.post("/api/orders", body(line(tea)), format="json", **keyed)
        assert answer.status_code == 201
    Order.objects.filter(status="pending").update(due_at="2026-01-01T00:00+08:00")
    orders_expire()
    moves = {s: grown("shop_orders_total", status=s) for s in ("pending", "paid")}
    assert moves == {"pending": 2, "paid": 1}
    assert grown("shop_orders_total", status="cancelled") == 1
    assert grown("shop_notifications_total", outcome="accepted") == 2
    assert grown("shop_wechat_seconds_count", route="prepay", outcome="ok") == 1


def test_what_goes_wrong_is_counted(
    simulator: SimulatorProcess,
    shopper_api: APIClient,
    tea: Product,
    grown: Callable[..., float],
) -> None:
    login = "/sns/jscode2session"
    simulator.fault("login", "reset")
    shopper_api.post("/api/auth/login", {"code": "sim-a"}, format="json")
    shopper_api.post("/api/auth/login", {"code": "bad"}, format="json")
    shopper_api.post("/api/orders", body(line(tea, 99)), format="json")
    shopper_api.post("/api/payments/wechat/notify", {}, format="json")
    for outcome in ("unavailable", "refused"):
        name = "shop_wechat_seconds_count"
        assert grown(name, route=login, outcome=outcome) == 1, outcome
    shopper_api.get("/api/none")
    shopper_api.put("/api/orders")
    APIClient().get("/api/orders")
    for error in (
        *("insufficient_stock", "wechat_unavailable", "wechat_code_invalid"),
        *("not_found", "method_not_allowed", "not_authenticated"),
    ):
        assert grown("shop_errors_total", error=error) == 1, error
    assert grown("shop_notifications_total", outcome="refused") == 1


def test_busy_database_dead_cache_and_crash_are_counted(
    api: APIClient,
    db: None,
    settings: Any,
    grown: Callable[..., float],
) -> None:
    settings.ROOT_URLCONF = "shop.tests.broken_urls"
    assert api.get("/api/sleep").status_code == 503
    api.raise_request_exception = False
    api.get("/api/broken/crash")
    default = settings.CACHES["default"]
    away = default | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": away}
    assert cache.get("x") is None
    assert grown("shop_errors_total", error="busy") == 1
    assert grown("shop_errors_total", error="server_error") == 1
    assert grown("shop_cache_failures_total") == 1


def test_the_page_in_one_process(client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "t0ken-of-the-scraper"
    wrong = client.get("/metrics", headers={"Authorization": "Bearer x"})
    right = {"Authorization": "Bearer t0ken-of-the-scraper"}
    page = client.get("/metrics", headers=right).content.decode()
    assert wrong.status_code == 404
    assert 'shop_request_seconds_count{method="GET",route="/metrics",status="404"}' in (
        page
    )
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == (
        404
    )


@pytest.mark.usefixtures("transactional_db")
def test_the_parts_are_asked_once_in_a_while(
    django_assert_num_queries: Any, settings: Any
) -> None:
    collector = PartsCollector()
    with django_assert_num_queries(1):
        first = list(collector.collect())
        assert list(collector.collect()) == first


@pytest.mark.usefixtures("queue")
def test_the_workers_figures_are_there_too(
    shopper_api: APIClient, tea: Product, tmp_path: Path
) -> None:
    """A node that starts later forgets its own old figures, not the worker's."""
    figures = tmp_path / "figures"
    figures.mkdir()
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(figures)}
    (figures / "counter_web7.db").write_bytes(bytes(64))
    placed(shopper_api, line(tea))
    Order.objects.update(due_at="2026-01-01T00:00+08:00")
    orders_sweep.defer(timestamp=0)
    run_worker(**shared, METRICS_PROCESS="worker")
    token = "t0ken-of-the-scraper"
    with WebProcess(tmp_path, **shared, METRICS_TOKEN=token) as node:
        page = node.get("/metrics", Authorization=f"Bearer {token}").text
    assert 'shop_orders_total{status="cancelled"} 1.0\n' in page
    assert not (figures / "counter_web7.db").exists()
