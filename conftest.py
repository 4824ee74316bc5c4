"""Fixtures that tests of several apps share; the servers come from the plugin."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.core.servers.basehttp import WSGIServer
from django.db import connection, connections
from django.test import TransactionTestCase
from django.utils import timezone
from psycopg.sql import SQL, Identifier
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import session_open
from catalog.models import (
    MovementReason,
    Product,
    ProductImage,
    ProductStatus,
    Sku,
    StockMovement,
)
from shop.api import ratelimit
from shop.calls import calling
from shop.calls.breaker import breakers_reset
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.template import template_begin, template_made
from shop.wechat import miniprogram
from shop.wechat.pay import gateway

pytest_plugins = ["shop.tests.browser"]

# Tests of races connect by the hundred at once; the default of 10 resets them.
WSGIServer.request_queue_size = 512
# A million rounds take a third of a second for each password that a test gives.
PBKDF2PasswordHasher.iterations = 1
# What `migrate` fills for good; everything else goes with a test that commits.
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}
_ROLES = import_module("orders.migrations.0021_roles").ROLES
_OF_ROLES = SQL("IN (SELECT id FROM auth_group WHERE name = ANY({}))").format([*_ROLES])
KEPT_ROWS = {
    "auth_group": SQL("id ") + _OF_ROLES,
    "auth_group_permissions": SQL("group_id ") + _OF_ROLES,
}


def tables_empty(case: TransactionTestCase) -> None:
    """Delete what a test has committed.

    Django truncates, which makes new files for every table and index: a fifth of a
    second after each such test, and these are small tables. Constraints between them
    are checked at the commit, so the sequence does not matter.
    """
    for alias in case._databases_names(include_mirrors=False):
        with connections[alias].cursor() as cursor:
            tables = connections[alias].introspection.django_table_names(
                only_existing=True, include_views=False
            )
            deletes = [
                SQL("DELETE FROM {} WHERE NOT {}").format(
                    Identifier(table), KEPT_ROWS.get(table, False)
                )
                # Last: what triggers write when the products go.
                for table in sorted(tables, key="catalog_productcount".__eq__)
                if table not in KEPT_TABLES
            ]
            # The queue is no table of Django's.
            deletes.append(SQL("DELETE FROM procrastinate_jobs"))
            cursor.execute(SQL("; ").join([SQL("BEGIN"), *deletes, SQL("COMMIT")]))


TransactionTestCase._fixture_teardown = tables_empty
# What must happen has so long for it: a bound for a test that fails, not a measure.
PATIENCE_SECONDS = 60
Result = TypeVar("Result")


def pytest_sessionstart() -> None:
    """Let one worker begin with the tables that all of them copy."""
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
        template_begin()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Copy the tables where there are several workers: to make them takes ten seconds.

    pytest-django asks for it before it makes the database.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        connection.settings_dict["TEST"]["TEMPLATE"] = template_made()


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the modules and tests, which stay anyway.

    Looking through them again and again takes a tenth of a run.
    """
    gc.freeze()
    gc.set_threshold(10_000)


@pytest.fixture(scope="session", autouse=True)
def cache_options() -> dict[str, Any]:
    """Wait for Valkey, which a slow machine may hold up for longer than the shop waits.

    Return the options as configured: a lost count would be a request too many.
    """
    options = settings.CACHES["default"]["OPTIONS"]
    configured = dict(options)
    for name in ("SOCKET_CONNECT_TIMEOUT", "SOCKET_TIMEOUT"):
        options[name] = PATIENCE_SECONDS
    return configured


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Start each test with no counted request, no kept token and WeChat trusted."""
    cache.clear()
    # Those that this process has left to be counted with a later one.
    ratelimit._window.cache_clear()
    breakers_reset()


@pytest.fixture
def still_clock(monkeypatch: Any) -> int:
    """Stop the clock by which windows begin, so that no window ends in a test."""
    now = 1_800_000_000
    clock = SimpleNamespace(time=lambda: now)
    for module in ("django_ratelimit.core", "shop.api.ratelimit"):
        monkeypatch.setattr(f"{module}.time", clock)
    return now


@pytest.fixture
def set_clock(monkeypatch: Any) -> Callable[[datetime], None]:
    """Return what stops the shop's clock at a moment."""
    return lambda moment: monkeypatch.setattr(timezone, "now", lambda: moment)


def alone(act: Callable[..., Result]) -> Callable[..., Result]:
    """Return `act` for a thread of its own, whose connection ends with it.

    One that stays open would keep the tests' database from being removed.
    """

    def run(*args: Any, **kwargs: Any) -> Result:
        try:
            return act(*args, **kwargs)
        finally:
            connection.close()

    return run


def wait_until(is_so: Callable[[], Result], failure: str = "waited in vain") -> Result:
    """Wait for what is bound to happen, and return it; fail when it does not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (result := is_so()):
        assert time.monotonic() < deadline, failure
        time.sleep(0.02)
    return result


def lock_waiters() -> int:
    """Count the statements in this database that wait for a lock now."""
    with connection.cursor() as cursor:
        # Inside a transaction the view would show the same picture for ever.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        count: int = cursor.fetchone()[0]
    return count


@pytest.fixture
def patient_database(monkeypatch: Any) -> None:
    """Let new connections wait for locks: on a slow machine 3 s may be too short.

    Nor is a server that has as much to do as a test gives it taken for one that hangs.
    """
    monkeypatch.setattr("shop.primary.watch.SUSPECT_SECONDS", PATIENCE_SECONDS)
    options = connection.settings_dict["OPTIONS"]
    timeouts = "".join(
        f" -c {name}={PATIENCE_SECONDS}s"
        for name in ("lock_timeout", "statement_timeout")
    )
    monkeypatch.setitem(options, "options", options["options"] + timeouts)
    monkeypatch.setitem(options, "connect_timeout", PATIENCE_SECONDS)


@pytest.fixture
def queue(transactional_db: None) -> Iterator[None]:
    """Begin and end with an empty queue: Django empties its own tables alone."""

    def clear() -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")

    clear()
    yield
    clear()


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: Any) -> Iterator[SimulatorProcess]:
    """One WeChat for all tests of a worker, a real process."""
    world = Path(os.environ["SHOP_TEST_SERVERS"]) / "wechat.json"
    books = tmp_path_factory.mktemp("simulator") / "books.sqlite3"
    with SimulatorProcess(world, books) as process:
        yield process


@pytest.fixture
def simulator(simulator_process: SimulatorProcess, settings: Any) -> SimulatorProcess:
    """Lead the shop to the simulator, which has no fault now and the right time."""
    settings.WECHAT_API_BASE = simulator_process.base_url
    settings.WECHAT_PAY_BASE = simulator_process.base_url
    settings.KUAIDI100_BASE = simulator_process.base_url
    simulator_process.clear_faults()
    simulator_process.shift_clock(0)
    # What it would still tell of an earlier test is none of this one's.
    simulator_process.drop_notifications()
    simulator_process.hold_refunds(hold=False)
    return simulator_process


@contextmanager
def soon_given_up() -> Iterator[None]:
    """Let the shop wait for two seconds, not seven: around calls that are to fail."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calling, "REQUEST_SECONDS", 2)
        for module in (gateway, miniprogram):
            patch.setattr(module, "TIMEOUT_SECONDS", (1, 1))
        yield


@pytest.fixture
def shop_server(simulator: SimulatorProcess, live_server: Any, settings: Any) -> Any:
    """Serve the shop over real HTTP, so that WeChat's notifications arrive."""
    settings.PUBLIC_URL = live_server.url
    return live_server


def make_shopper(name: str) -> User:
    user = User(openid=f"openid-{name}", nickname=name)
    user.set_unusable_password()
    user.save()
    return user


def client_of(user: User) -> APIClient:
    client = APIClient()
    token = session_open(user=user).token
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


@pytest.fixture
def shopper(db: None) -> User:
    return make_shopper("shopper")


@pytest.fixture
def other_shopper(db: None) -> User:
    return make_shopper("other")


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("boss", "a-long-password-9")


@pytest.fixture
def api(db: None) -> APIClient:
    return APIClient()


@pytest.fixture
def shopper_api(shopper: User) -> APIClient:
    return client_of(shopper)


@pytest.fixture
def other_api(other_shopper: User) -> APIClient:
    return client_of(other_shopper)


@pytest.fixture
def staff_api(staff: User) -> APIClient:
    return client_of(staff)


@pytest.fixture
def product_make(db: None) -> Callable[..., Product]:
    """Return a factory of products with one SKU, its ledger row included."""

    def make(
        name: str = "龙井茶",
        *,
        price: str = "99.00",
        stock: int = 10,
        status: str = ProductStatus.ON_SALE,
        image: str = "",
        **fields: Any,
    ) -> Product:
        product = Product.objects.create(
            name=name, price=Decimal(price), status=status, **fields
        )
        sku = Sku.objects.create(product=product, price=Decimal(price), stock=stock)
        if stock:
            StockMovement.objects.create(
                sku=sku, delta=stock, balance=stock, reason=MovementReason.INITIAL
            )
        if image:
            ProductImage.objects.create(product=product, file=image)
        return product

    return make


@pytest.fixture
def wechat_api(simulator: SimulatorProcess, api: APIClient) -> APIClient:
    """Return the client of a shopper whom WeChat knows, logged in through it."""
    answer = api.post("/api/auth/login", {"code": "sim-buyer"}, format="json").json()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer['data']['token']}")
    return client
