"""Reads of the catalogue at a real streaming replica, and the primary in its place."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from shop.replica import routing
from shop.replica.routing import REPLICA, REST_SECONDS, replica_read, watch
from shop.tests.replica_server import ReplicaServer
from shop.tests.test_start import start

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
    # One replica for all of them.
    pytest.mark.xdist_group("replica"),
]

# Far more than a question and a read may wait together, for a machine that is busy.
HELD_UP_SECONDS = 20


@pytest.fixture(scope="module")
def server(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[ReplicaServer]:
    with django_db_blocker.unblock():
        replica = ReplicaServer(tmp_path_factory.mktemp("replica"))
    replica.start()
    # One of this process's databases from now on; never emptied by itself.
    connections.settings[REPLICA] = {
        **connections.settings["default"],
        "ENGINE": "shop.replica",
        "PORT": replica.port,
        "CONN_HEALTH_CHECKS": False,
        "TEST": {**connections.settings["default"]["TEST"], "MIRROR": "default"},
    }
    yield replica
    del connections.settings[REPLICA]
    replica.stop()


class Clock:
    """The watch's clock; it goes on over all tests, as the watch does."""

    ahead_seconds = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + Clock.ahead_seconds

    def next_question(self) -> None:
        """Let the watch ask the replica at its next chance."""
        Clock.ahead_seconds += REST_SECONDS

    def ask_until(self, *, fit: bool) -> None:
        """Ask again and again: others write too, and what they write takes its time."""
        deadline = time.monotonic() + 60
        self.next_question()
        while watch.is_fit() != fit:
            assert time.monotonic() < deadline
            self.next_question()


@pytest.fixture
def clock(monkeypatch: Any) -> Clock:
    clock = Clock()
    monkeypatch.setattr(routing, "time", clock)
    clock.next_question()
    return clock


@pytest.fixture
def replica(
    server: ReplicaServer, transactional_db: None, clock: Clock
) -> Iterator[ReplicaServer]:
    connections[REPLICA].settings_dict["PORT"] = server.port
    server.catch_up()
    yield server
    connections[REPLICA].close()


class Reads:
    """Which database was asked, and how often."""

    def __enter__(self) -> "Reads":
        self._contexts = {
            alias: CaptureQueriesContext(connections[alias]).__enter__()
            for alias in ("default", REPLICA)
        }
        return self

    def __exit__(self, *exception: Any) -> None:
        for context in self._contexts.values():
            context.__exit__(*exception)

    def by(self, alias: str) -> int:
        """Count the statements, without the watch's own."""
        queries = self._contexts[alias].captured_queries
        return sum("pg_is_in_recovery" not in query["sql"] for query in queries)


def price(api: APIClient, product: Any) -> str:
    response = api.get(f"/api/products/{product.pk}")
    assert response.status_code == 200, response.content
    return str(response.json()["data"]["price"])


def test_public_reads_go_to_the_replica(
    replica: ReplicaServer, api: APIClient, product_make: Callable[..., Any]
) -> None:
    product = product_make("龙井茶")
    replica.catch_up()
    for path in ("/api/products", f"/api/products/{product.pk}", "/api/categories"):
        with Reads() as reads:
            assert api.get(path).status_code == 200
        assert (reads.by("default"), reads.by(REPLICA) > 0) == (0, True), path
    with connections[REPLICA].cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        assert cursor.fetchone() == (True,)


def test_a_shoppers_own_rows_and_orders_stay_at_the_primary(
    replica: ReplicaServer, shopper_api: APIClient, product_make: Callable[..., Any]
) -> None:
    sku = product_make("龙井茶").skus.get()
    address = {
        "name": "张三",
        "phone": "13800138000",
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "detail": "龙井路1号",
    }
    items = [{"productId": sku.product_id, "skuId": sku.pk, "quantity": 1}]
    order = {"items": items, "address": address}
    assert watch.is_fit()
    with Reads() as reads:
        assert shopper_api.get("/api/auth/user").status_code == 200
        assert shopper_api.get("/api/addresses").status_code == 200
        assert shopper_api.get("/api/orders").status_code == 200
        for path, status in (("/api/orders/preview", 200), ("/api/orders", 201)):
            response = shopper_api.post(path, order, format="json")
            assert response.status_code == status
    assert reads.by("default") > 0
    assert reads.by(REPLICA) == 0


def test_a_transaction_reads_at_the_primary(
    replica: ReplicaServer, product_make: Callable[..., Any]
) -> None:
    product = product_make()

    @replica_read
    def name() -> str:
        with transaction.atomic():
            return apps.get_model("catalog.Product").objects.get(pk=product.pk).name

    assert watch.is_fit()
    with Reads() as reads:
        assert name() == "龙井茶"
    assert reads.by(REPLICA) == 0


def test_an_edit_is_seen_by_all_before_the_replica_has_it(
    replica: ReplicaServer,
    staff_api: APIClient,
    product_make: Callable[..., Any],
    settings: Any,
) -> None:
    settings.DATABASE_REPLICA_MAX_LAG_SECONDS = 3600
    product = product_make(price="99.00")
    replica.catch_up()
    replica.hold_back()
    try:
        path = f"/api/products/{product.pk}"
        response = staff_api.patch(path, {"price": "88.00"}, format="json")
        assert response.json()["data"]["price"] == "88.00"
        with Reads() as reads:
            assert price(APIClient(), product) == "88.00"
        assert (reads.by("default"), reads.by(REPLICA)) == (1, 0)
    finally:
        replica.go_on()
    replica.catch_up()
    # As when the edit is long ago.
    cache.clear()
    with Reads() as reads:
        assert price(APIClient(), product) == "88.00"
    assert (reads.by("default"), reads.by(REPLICA)) == (0, 1)


def test_a_replica_that_lags_past_the_bound_is_not_read_from(
    replica: ReplicaServer,
    api: APIClient,
    product_make: Callable[..., Any],
    settings: Any,
    clock: Clock,
) -> None:
    settings.DATABASE_REPLICA_MAX_LAG_SECONDS = 1
    product = product_make(price="99.00")
    replica.catch_up()
    clock.ask_until(fit=True)
    replica.hold_back()
    try:
        product.price = "88.00"
        product.save()
        clock.ask_until(fit=False)
        with Reads() as reads:
            assert price(api, product) == "88.00"
        assert reads.by(REPLICA) == 0
    finally:
        replica.go_on()
    replica.catch_up()
    clock.ask_until(fit=True)
    with Reads() as reads:
        assert price(api, product) == "88.00"
    assert reads.by("default") == 0


def test_a_replica_that_stops_is_replaced_without_an_error_and_taken_back(
    replica: ReplicaServer,
    api: APIClient,
    product_make: Callable[..., Any],
    clock: Clock,
) -> None:
    product = product_make()
    replica.catch_up()
    assert watch.is_fit()
    replica.stop()
    try:
        with Reads() as reads:
            # Between two questions: the read itself finds out.
            assert price(api, product) == "99.00"
            # Refused at the next question.
            clock.next_question()
            assert price(api, product) == "99.00"
        assert reads.by("default") > 0
        assert not watch.is_fit()
        assert api.get("/readyz").json()["replica"] == "away"
    finally:
        replica.start()
    connections[REPLICA].settings_dict["PORT"] = replica.port
    replica.catch_up()
    clock.next_question()
    with Reads() as reads:
        assert price(api, product) == "99.00"
    assert reads.by("default") == 0
    assert api.get("/readyz").json()["replica"] == "ok"


def test_after_a_read_that_failed_nobody_asks_the_replica_for_a_while(
    replica: ReplicaServer,
    api: APIClient,
    product_make: Callable[..., Any],
    clock: Clock,
    monkeypatch: Any,
    caplog: Any,
) -> None:
    product = product_make()
    replica.catch_up()
    begun = time.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: begun + Clock.ahead_seconds)
    assert watch.is_fit()
    caplog.clear()
    pid = connections[REPLICA].connection.info.backend_pid
    assert replica.query("SELECT pg_terminate_backend(%s, 60000)", pid)
    assert price(api, product) == "99.00"
    failed, away = [one.message for one in caplog.records if "replica" in one.message]
    assert failed.startswith("replica failed: ")
    assert away == "replica out of use"
    # Long since well again.
    Clock.ahead_seconds += REST_SECONDS - 1
    with Reads() as reads:
        assert price(api, product) == "99.00"
    assert reads.by(REPLICA) == 0
    assert not watch.is_fit()
    clock.next_question()
    assert watch.is_fit()


def test_a_replica_that_hangs_holds_no_request_up(
    replica: ReplicaServer,
    api: APIClient,
    product_make: Callable[..., Any],
    clock: Clock,
) -> None:
    product = product_make()
    replica.catch_up()
    assert price(api, product) == "99.00"
    replica.hang()
    try:
        # An open connection that no longer answers, then one that never opens.
        for _ in range(2):
            begun = time.monotonic()
            assert price(api, product) == "99.00"
            assert time.monotonic() - begun < HELD_UP_SECONDS
            clock.next_question()
    finally:
        replica.wake()
    replica.catch_up()
    clock.next_question()
    assert watch.is_fit()


def test_a_server_that_replays_nothing_is_no_replica(
    replica: ReplicaServer, clock: Clock
) -> None:
    connections[REPLICA].close()
    connections[REPLICA].settings_dict["PORT"] = connection.settings_dict["PORT"]
    assert not watch.is_fit()


def test_the_replica_is_a_setting(
    replica: ReplicaServer, product_make: Callable[..., Any]
) -> None:
    product_make("龙井茶")
    replica.catch_up()
    code = """
import django
django.setup()
from django.db import connections
from django.test import Client
answer = Client().get("/api/products", SERVER_NAME="127.0.0.1").json()
print(answer["data"]["list"][0]["name"])
print([one.alias for one in connections.all() if one.connection])
"""
    head = os.environ["DATABASE_URL"].rpartition("/")[0]
    name = connection.settings_dict["NAME"]
    urls = {
        "DATABASE_URL": f"{head}/{name}",
        "DATABASE_REPLICA_URL": replica.url,
    }
    run = start(("-c", code), **urls)
    assert run.stdout.splitlines()[-2:] == ["龙井茶", "['replica']"]
    assert run.stderr.splitlines()[-1].endswith("replica in use")
    wrong = start(("manage.py", "check"), DATABASE_REPLICA_URL="mysql://h/n")
    assert wrong.returncode == 1
    assert wrong.stderr == (
        "configuration error: DATABASE_REPLICA_URL must be postgresql://…/name\n"
    )
