"""Whether the process is up, and whether it may be sent requests."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from procrastinate.contrib.django import app

from shop import health


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch: Any) -> None:
    """Forget what this process has found out of the migrations."""
    monkeypatch.setattr(health, "_migrated", False)


@pytest.fixture
def migration_missing(db: None) -> None:
    """Take the record of the last migration of the catalogue away."""
    recorder = MigrationRecorder(connection)
    last = recorder.migration_qs.filter(app="catalog").order_by("-name").first()
    assert last is not None
    last.delete()


def test_healthz_asks_nobody(
    client: Client,
    database_away: Callable[[], None],
    valkey_at: Callable[[int], None],
    dead_port: int,
) -> None:
    database_away()
    valkey_at(dead_port)
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.fixture
def worker(db: None) -> None:
    """Make it look as if a worker had just sent its heartbeat."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


def test_ready(client: Client, worker: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "degraded": [],
        "database": "ok",
        "cache": "ok",
        "worker": "ok",
        "queue": "ok",
        "worker_heartbeat_seconds": 0,
        "queue_lag_seconds": 0,
    }


def test_dead_worker_and_late_queue_take_no_node_out(
    client: Client, worker: None
) -> None:
    job_id = app.tasks["shop.jobs.jobs_rescue"].defer(timestamp=0)
    assert client.get("/readyz").json()["queue"] == "ok"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 min'"
        )
        cursor.execute(
            "UPDATE procrastinate_events SET at = now() - interval '2 min'"
            " WHERE job_id = %s",
            [job_id],
        )
    response = client.get("/readyz")
    assert response.status_code == 200
    facts = response.json()
    assert facts["degraded"] == ["worker", "queue"]
    assert (facts["worker"], facts["queue"]) == ("away", "late")
    # The test's transaction stops the database's clock.
    assert facts["worker_heartbeat_seconds"] == 120
    assert facts["queue_lag_seconds"] == 120


def test_a_job_for_later_is_not_late(client: Client, worker: None) -> None:
    """Queued long ago, it waits for its next try; then its lag begins."""
    rescue = app.tasks["shop.jobs.jobs_rescue"]
    job_id = rescue.configure(schedule_in={"hours": 1}).defer(timestamp=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '1 day'")
        assert client.get("/readyz").json()["queue_lag_seconds"] == 0
        cursor.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '90 s'"
            " WHERE id = %s",
            [job_id],
        )
    facts = client.get("/readyz").json()
    assert facts["queue"] == "late"
    assert facts["queue_lag_seconds"] == 90


def test_no_worker_ever(client: Client, db: None) -> None:
    facts = client.get("/readyz").json()
    assert (facts["worker"], facts["worker_heartbeat_seconds"]) == ("away", None)


def test_database_away(client: Client, database_away: Callable[[], None]) -> None:
    database_away()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "degraded": ["database"],
        "database": "away",
        "cache": "ok",
    }


def test_ready_again_after_the_outage(
    client: Client, database_away: Callable[[], None]
) -> None:
    port = connection.settings_dict["PORT"]
    database_away()
    assert client.get("/readyz").status_code == 503
    connection.settings_dict["PORT"] = port
    assert client.get("/readyz").status_code == 200


@pytest.mark.usefixtures("migration_missing")
def test_migration_missing(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "migrations missing"


@pytest.mark.parametrize("fault", ["dead_port", "hanging_port"])
def test_cache_away_takes_no_node_out(
    client: Client,
    worker: None,
    request: pytest.FixtureRequest,
    valkey_at: Callable[[int], None],
    fault: str,
) -> None:
    valkey_at(request.getfixturevalue(fault))
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "degraded": ["cache"],
        "database": "ok",
        "cache": "away",
        "worker": "ok",
        "queue": "ok",
        "worker_heartbeat_seconds": 0,
        "queue_lag_seconds": 0,
    }
