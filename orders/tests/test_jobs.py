"""The worker's jobs: registered with a rhythm, and really run by a worker."""

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker
from procrastinate.exceptions import AlreadyEnqueued
from rest_framework.test import APIClient

from catalog.models import Product, Sku
from conftest import alone, lock_waiters, wait_until
from orders.jobs import orders_autoconfirm, orders_sweep
from orders.models import Order
from orders.tests.conftest import line, placed
from shop.jobs import _queue_again, retention
from shop.queue import job_retry
from shop.retention import jobs_delete_old
from shop.retry import BackOff
from shop.tests.test_start import PRODUCTION
from shop.tests.web_process import database_url
from shop.tests.worker_process import WORKER


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


def test_worker_opens_few_connections() -> None:
    pool = app.connector.get_worker_connector()._pool_args
    assert (pool["min_size"], pool["max_size"]) == (1, 3)


def test_jobs_have_their_rhythm() -> None:
    rhythms = {
        task.task.name: task.cron
        for task in app.periodic_registry.periodic_tasks.values()
    }
    assert rhythms == {
        "accounts.jobs.sessions_flush": "20 20 * * *",
        "catalog.jobs.additions_delete": "30 20 * * *",
        "catalog.jobs.counts_add": "* * * * *",
        "catalog.jobs.footprints_delete": "45 20 * * *",
        "catalog.jobs.popular_words_refresh": "*/10 * * * *",
        "catalog.jobs.search_history_delete": "35 20 * * *",
        "orders.jobs.figures_refresh": "5 * * * *",
        "orders.jobs.notices_delete": "50 20 * * *",
        "orders.jobs.notices_settle": "*/2 * * * *",
        "orders.jobs.bills_check": "30 2-15 * * *",
        "orders.jobs.orders_sweep": "* * * * * */15",
        "orders.jobs.payments_query": "* * * * *",
        "orders.jobs.refunds_follow": "* * * * *",
        "orders.jobs.orders_autoconfirm": "*/10 * * * *",
        "orders.jobs.reports_resume": "7,37 * * * *",
        "orders.jobs.returns_expire": "4-59/10 * * * *",
        "shop.jobs.jobs_rescue": "* * * * *",
        "shop.jobs.retention": "40 20 * * *",
        "shop.jobs.sheets_delete": "50 20 * * *",
    }


def test_what_became_due_is_tried_until_it_is_done() -> None:
    """A bill's day alone is given up, for the clock queues it again."""
    assert {
        name: task.retry_strategy
        for name, task in app.tasks.items()
        if name.startswith("orders.jobs.") and task.retry_strategy
    } == {
        "orders.jobs.payment_close": BackOff(),
        "orders.jobs.refund_send": BackOff(),
        "orders.jobs.review_check": BackOff(),
        "orders.jobs.shipping_upload_send": BackOff(),
        "orders.jobs.message_send": BackOff(),
        "orders.jobs.bill_check": BackOff(60, attempts_max=12),
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


def logged(text: str, level: str, job_id: int) -> dict[str, Any]:
    """Return a job's one line of a level; the clock adds jobs at any moment."""
    lines = [json.loads(line) for line in text.splitlines() if line[0] == "{"]
    told = [line for line in lines if line.get("job_id") == str(job_id)]
    [found] = [line for line in told if line["level"] == level]
    return found


@pytest.mark.usefixtures("queue")
def test_lines_of_a_job_name_it(shopper_api: APIClient, tea: Product) -> None:
    placed(shopper_api, line(tea))
    Order.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    job_id = orders_sweep.defer(timestamp=0)
    failing = orders_autoconfirm.defer(openid="canary")
    text = run_worker(**PRODUCTION)
    done = logged(text, "INFO", job_id)
    assert done["task"] == "orders.jobs.orders_sweep"
    assert done["message"] == "orders expired: Sweep(cancelled=1, paid=0, waiting=0)"
    failed = logged(text, "ERROR", failing)
    assert "TypeError" in failed["exception"]
    assert "canary" not in text


def count_jobs(ids: Collection[int]) -> dict[str, int]:
    """Count what is left of these jobs; the clock adds others at any moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status, count(*) FROM procrastinate_jobs WHERE id = ANY(%s)"
            " GROUP BY 1",
            [list(ids)],
        )
        return dict(cursor.fetchall())


@pytest.mark.usefixtures("queue")
def test_a_killed_worker_loses_nothing(shopper_api: APIClient, tea: Product) -> None:
    """Deferred while no worker runs, killed in the middle, done by the next one."""
    order_no = placed(shopper_api, line(tea))["orderNo"]
    Order.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    job_id = orders_sweep.defer(timestamp=0)
    environment = {
        "DATABASE_URL": database_url(),
        "DATABASE_LOCK_TIMEOUT_SECONDS": "60",
    }
    worker = subprocess.Popen(WORKER, env={**os.environ, **environment})
    with transaction.atomic():
        try:
            Sku.objects.select_for_update().get(product=tea)
            wait_until(lock_waiters)
        finally:
            worker.kill()
            worker.wait()
    assert Order.objects.get(order_no=order_no).status == "pending"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = '2026-01-01'")
    Order.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    # The killed one may have queued it by the clock.
    with contextlib.suppress(AlreadyEnqueued):
        app.tasks["shop.jobs.jobs_rescue"].defer(timestamp=0)
    run_worker()
    assert Order.objects.get(order_no=order_no).status == "cancelled"
    assert not ProcrastinateJob.objects.filter(pk=job_id).exists()


@pytest.mark.usefixtures("queue")
def test_what_ended_long_ago_is_deleted() -> None:
    """Jobs of 31 days, whatever their end, and no younger ones."""
    statuses = ("failed", "cancelled", "aborted", "todo")
    ids = {
        (status, days): orders_autoconfirm.configure(
            queueing_lock=f"{status}-{days}", schedule_in={"days": 1}
        ).defer(timestamp=0)
        for status in statuses
        for days in (29, 31)
    }
    with connection.cursor() as cursor:
        for (status, days), job_id in ids.items():
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = %s WHERE id = %s",
                [status, job_id],
            )
            cursor.execute(
                "UPDATE procrastinate_events SET at = now() - %s * interval '1 day'"
                " WHERE job_id = %s",
                [days, job_id],
            )
    for _ in range(2):
        app.tasks["shop.jobs.retention"].defer(timestamp=0)
        run_worker()
    left = count_jobs(ids.values())
    assert left == {"failed": 1, "cancelled": 1, "aborted": 1, "todo": 2}


@pytest.mark.usefixtures("queue")
def test_one_that_staff_queue_again_meanwhile_is_not_deleted() -> None:
    job_id = orders_autoconfirm.defer(timestamp=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
        cursor.execute(
            "UPDATE procrastinate_events SET at = now() - interval '31 days'"
        )
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            job_retry(job_id=job_id)
            assert other.submit(alone(jobs_delete_old)).result() == 0
        assert other.submit(alone(jobs_delete_old)).result() == 0
    assert ProcrastinateJob.objects.get(pk=job_id).status == "todo"


@pytest.mark.usefixtures("queue")
def test_rows_of_workers_killed_long_ago_are_deleted() -> None:
    """Younger ones may belong to a worker that is only held up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " SELECT now() - hours * interval '1 hour' FROM unnest(%s) hours"
            " RETURNING id",
            [[25, 23]],
        )
        [[dead], [slow]] = cursor.fetchall()
    retention(timestamp=0)
    left = set(ProcrastinateWorker.objects.values_list("id", flat=True))
    assert dead not in left
    assert slow in left


@pytest.mark.usefixtures("queue")
def test_job_that_ended_meanwhile_holds_up_no_rescue(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It was found as its worker's last, and was ended before it was queued again."""
    job_id = orders_autoconfirm.defer(timestamp=0)
    job = ProcrastinateJob.objects.get(pk=job_id).procrastinate_job

    async def queue_again() -> None:
        connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
        with app.replace_connector(connector):
            async with app.open_async():
                await _queue_again(job)

    asyncio.run(queue_again())
    assert f"job {job_id} was not queued again" in caplog.text
    assert ProcrastinateJob.objects.get(pk=job_id).attempts == 0
