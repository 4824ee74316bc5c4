"""The waits between the tries of a job, and their count in a real worker."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from procrastinate.jobs import Job
from procrastinate.retry import RetryDecision

from shop.queue import job_enqueue
from shop.retry import BackOff

TASK = "shop.tests.failing"


def decision(strategy: BackOff, attempts: int) -> RetryDecision | None:
    job = Job(
        id=1,
        queue="default",
        lock=None,
        queueing_lock=None,
        task_name=TASK,
        attempts=attempts,
    )
    return strategy.get_retry_decision(exception=ValueError(), job=job)


def wait_seconds(strategy: BackOff, attempts: int) -> int:
    before = timezone.now()
    decided = decision(strategy, attempts)
    assert decided is not None
    assert decided.retry_at is not None
    # The moment is a few microseconds further on than the wait.
    return int((decided.retry_at - before).total_seconds())


def test_each_wait_is_twice_the_last_and_an_hour_at_most() -> None:
    waits = [wait_seconds(BackOff(), attempts) for attempts in range(11)]
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
    assert wait_seconds(BackOff(first_seconds=60), 2) == 240
    assert wait_seconds(BackOff(), 10_000) == 3600


def test_bound_by_attempts() -> None:
    strategy = BackOff(attempts_max=3)
    decisions = [decision(strategy, attempts) for attempts in range(4)]
    assert [decided is None for decided in decisions] == [False, False, True, True]


def test_endless_job_is_alarmed_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        for attempts in range(20):
            decision(BackOff(), attempts)
    assert [record.getMessage() for record in caplog.records] == [
        f"job 1 ({TASK}) has failed 10 times and goes on"
    ]


@pytest.fixture
def failing() -> Iterator[list[int]]:
    """Register a task that fails; return the attempts that it has seen."""
    seen: list[int] = []

    async def fail(context: Any) -> None:
        seen.append(context.job.attempts)
        raise ValueError("fails")

    app.task(name=TASK, pass_context=True, retry=BackOff(attempts_max=3))(fail)
    yield seen
    del app.tasks[TASK]


def work() -> None:
    """Run what is due, as a worker of its own each time."""

    async def run() -> None:
        connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
        with app.replace_connector(connector):
            async with app.open_async():
                await app.run_worker_async(
                    wait=False, listen_notify=False, install_signal_handlers=False
                )

    asyncio.run(run())


@pytest.mark.usefixtures("queue")
def test_count_of_failures_outlives_the_worker(failing: list[int]) -> None:
    job_enqueue(TASK)
    for scheduled in (10, 20, None):
        before = timezone.now()
        work()
        job = ProcrastinateJob.objects.get(task_name=TASK)
        if scheduled is not None:
            assert job.scheduled_at >= before + timedelta(seconds=scheduled)
            with connection.cursor() as cursor:
                cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    assert failing == [0, 1, 2]
    assert (job.status, job.attempts) == ("failed", 3)
    events = ProcrastinateEvent.objects.filter(job=job, type="deferred_for_retry")
    assert events.count() == 2


@pytest.mark.usefixtures("queue")
def test_job_of_a_killed_worker_is_retried_beside_it(failing: list[int]) -> None:
    """The try that the worker did not end counts; the wait goes on from there."""
    job_enqueue(TASK)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '10 minutes') RETURNING id"
        )
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s",
            cursor.fetchone(),
        )
    app.tasks["shop.jobs.jobs_rescue"].defer(timestamp=0)
    before = timezone.now()
    work()
    assert failing == [1]
    job = ProcrastinateJob.objects.get(task_name=TASK)
    assert (job.status, job.attempts) == ("todo", 2)
    assert job.scheduled_at >= before + timedelta(seconds=20)
