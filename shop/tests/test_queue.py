"""Jobs that are queued in the transaction that makes them due."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import TaskNotFound

from shop.queue import job_enqueue

TASK = "shop.tests.noted"


@pytest.fixture
def _task() -> Iterator[None]:
    """Register a task that takes what a job brings."""

    async def noted(**arguments: Any) -> None:
        """Take it."""

    app.task(name=TASK)(noted)
    yield
    del app.tasks[TASK]


@pytest.mark.usefixtures("_task", "queue")
def test_job_is_rolled_back_with_what_made_it_due() -> None:
    def act() -> None:
        with transaction.atomic():
            job_enqueue(TASK, refund_id=7)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        act()
    assert not ProcrastinateJob.objects.exists()
    with transaction.atomic():
        job_enqueue(TASK, refund_id=7)
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args, job.status) == (TASK, {"refund_id": 7}, "todo")
    assert (job.scheduled_at, job.queueing_lock, job.lock) == (None, None, None)
    job_enqueue(TASK, refund_id=7)
    assert ProcrastinateJob.objects.count() == 2


@pytest.mark.usefixtures("_task", "queue")
def test_job_for_later() -> None:
    before = timezone.now()
    job_enqueue(TASK, schedule_in_seconds=90)
    job = ProcrastinateJob.objects.get()
    wait = timedelta(seconds=90)
    assert before + wait <= job.scheduled_at <= timezone.now() + wait


@pytest.mark.usefixtures("queue")
def test_unknown_task_is_refused_at_once() -> None:
    with pytest.raises(TaskNotFound):
        job_enqueue("orders.jobs.no_such_task")
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.usefixtures("_task", "queue")
def test_what_the_database_refuses_is_djangos_error() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        with pytest.raises(OperationalError):
            job_enqueue(TASK)
        transaction.set_rollback(True)


def _names_queued() -> set[str]:
    """Return the literals that the program gives to job_enqueue."""
    names = set()
    for package in ("shop", "accounts", "catalog", "orders"):
        for path in (Path(settings.BASE_DIR) / package).rglob("*.py"):
            if "tests" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _called(node) == "job_enqueue":
                    assert isinstance(node.args[0], ast.Constant), path
                    names.add(str(node.args[0].value))
    return names


def _called(node: ast.Call) -> str:
    function = node.func
    return (
        function.attr
        if isinstance(function, ast.Attribute)
        else getattr(function, "id", "")
    )


def test_every_job_that_is_queued_has_its_task() -> None:
    """And none with a queueing lock, whose violation would break the caller."""
    names = _names_queued()
    assert "orders.jobs.refund_send" in names
    for name in names:
        assert name in app.tasks, name
        assert app.tasks[name].queueing_lock is None, name
