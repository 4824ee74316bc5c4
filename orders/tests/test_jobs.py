"""The worker's jobs: registered with a rhythm, and really run by a worker."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from catalog.models import Product
from orders.jobs import orders_autoconfirm, orders_sweep
from orders.models import Order
from orders.tests.conftest import line, placed
from shop.tests.test_start import PRODUCTION
from shop.tests.web_process import database_url

WORKER = (sys.executable, "manage.py", "procrastinate", "worker")


@pytest.fixture
def queue(transactional_db: None) -> Iterator[None]:
    """Begin and end with an empty queue: Django empties its own tables alone."""

    def clear() -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")

    clear()
    yield
    clear()


def run_worker(**environment: str) -> str:
    """Run a worker on the tests' database until the queue is empty; return its log."""
    done = subprocess.run(
        [*WORKER, "--one-shot"],
        env={**os.environ, "DATABASE_URL": database_url(), **environment},
        check=True,
        timeout=60,
        stderr=subprocess.PIPE,
        text=True,
    )
    return done.stderr


def test_jobs_have_their_rhythm() -> None:
    rhythms = {
        task.task.name: task.cron
        for task in app.periodic_registry.periodic_tasks.values()
    }
    assert rhythms == {
        "accounts.jobs.sessions_flush": "20 20 * * *",
        "orders.jobs.orders_sweep": "* * * * * */15",
        "orders.jobs.orders_autoconfirm": "*/10 * * * *",
        "shop.jobs.jobs_rescue": "* * * * *",
    }


@pytest.mark.usefixtures("queue")
def test_worker_ends_what_is_due(shopper_api: APIClient, tea: Product) -> None:
    expired, shipped = (placed(shopper_api, line(tea))["orderNo"] for _ in range(2))
    past = timezone.now() - timedelta(days=11)
    Order.objects.filter(order_no=expired).update(due_at=past)
    Order.objects.filter(order_no=shipped).update(status="shipped", shipped_at=past)
    orders_sweep.defer(timestamp=0)
    orders_autoconfirm.defer(timestamp=0)
    run_worker()
    assert Order.objects.get(order_no=expired).status == "cancelled"
    assert Order.objects.get(order_no=shipped).status == "completed"
    # Deleted when done; only a failure would have stayed.
    assert not ProcrastinateJob.objects.filter(args__timestamp=0).exists()


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("is_queued_again_already", [False, True])
def test_job_of_a_killed_worker_is_run_again(
    shopper_api: APIClient, tea: Product, is_queued_again_already: bool
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    job_id = orders_sweep.defer(timestamp=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '10 minutes') RETURNING id"
        )
        worker_id = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s"
            " WHERE id = %s",
            [worker_id, job_id],
        )
    Order.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    if is_queued_again_already:
        later = {"seconds": 3600}
        orders_sweep.configure(schedule_in=later).defer(timestamp=1)
    app.tasks["shop.jobs.jobs_rescue"].defer(timestamp=0)
    run_worker()
    status = Order.objects.get(order_no=order_no).status
    assert status == ("pending" if is_queued_again_already else "cancelled")
    assert not ProcrastinateJob.objects.filter(args__timestamp=0).exists()


def logged(text: str, level: str) -> dict[str, Any]:
    """Return the one line of a level."""
    lines = [json.loads(line) for line in text.splitlines() if line[0] == "{"]
    [found] = [line for line in lines if line["level"] == level]
    return found


@pytest.mark.usefixtures("queue")
def test_lines_of_a_job_name_it(shopper_api: APIClient, tea: Product) -> None:
    placed(shopper_api, line(tea))
    Order.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    job_id = orders_sweep.defer(timestamp=0)
    failing = orders_autoconfirm.defer(openid="canary")
    text = run_worker(**PRODUCTION)
    done = logged(text, "INFO")
    assert (done["job_id"], done["task"]) == (str(job_id), "orders.jobs.orders_sweep")
    assert done["message"] == "orders expired: Sweep(cancelled=1, paid=0, waiting=0)"
    failed = logged(text, "ERROR")
    assert failed["job_id"] == str(failing)
    assert "TypeError" in failed["exception"]
    assert "canary" not in text
