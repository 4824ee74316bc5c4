"""The worker at a sheet: killed, beside a twin, too slow; and the queue."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, connection
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from accounts.models import User
from catalog.models import Product, Sku, StockMovement
from catalog.tests.test_races import WRITERS, together
from orders.sheets.stock import StockSheet
from shop.jobs import SHEET_TRIES, sheet_run_job
from shop.models import SheetFormat, SheetPart
from shop.sheets import exporting, importing, running
from shop.sheets.running import sheet_run
from shop.sheets.services import (
    sheet_confirm,
    sheet_export,
    sheet_upload,
)
from shop.tests.sheets import (
    confirmed,
    counts,
    done,
    filled,
    table,
    uploaded,
)

Make = Callable[..., Product]


@pytest.fixture
def skus(product_make: Make, monkeypatch: Any) -> list[Sku]:
    """Make five SKUs, of which a part of a sheet has two."""
    monkeypatch.setattr(StockSheet, "part_rows", 2)
    return [product_make(f"茶{n}", stock=10).skus.get() for n in range(5)]


def counted(skus: list[Sku], staff: User) -> bytes:
    """Return a sheet of a count that finds 7 of each."""
    return filled("stock", [sku.pk for sku in skus], staff, 实盘数量=7)


def stocks() -> list[int]:
    return list(Sku.objects.order_by("pk").values_list("stock", flat=True))


def jobs() -> list[tuple[str, int]]:
    rows = ProcrastinateJob.objects.filter(status="todo").order_by("pk")
    return [(job.task_name, job.priority) for job in rows]


def context(attempts: int = 0) -> JobContext:
    """Return what the worker tells a job of itself."""
    job = Job(
        id=1,
        queue="default",
        lock=None,
        queueing_lock=None,
        task_name="shop.jobs.sheet_run",
        attempts=attempts,
    )
    return JobContext(app=app, job=job, start_timestamp=0, abort_reason=lambda: None)


@pytest.fixture
def one_step(monkeypatch: Any) -> None:
    """Let the worker's slice of time end after each step."""
    monkeypatch.setattr(running, "_SLICE_SECONDS", 0)


def test_progress_is_told_part_by_part(
    skus: list[Sku], staff: User, one_step: None
) -> None:
    task = sheet_upload(
        kind="stock", name="a.xlsx", content=counted(skus, staff), made_by_id=staff.pk
    )
    seen = []
    is_more = True
    while is_more:
        is_more = sheet_run(task_id=task.pk)
        task.refresh_from_db()
        seen.append((task.state, task.done_rows, task.total_rows, task.percent))
    assert seen == [
        ("checking", 0, 5, 0),
        ("checking", 2, 5, 40),
        ("checking", 4, 5, 80),
        ("checking", 5, 5, 100),
        ("checked", 5, 5, 100),
    ]
    assert stocks() == [10] * 5


def test_a_worker_that_dies_leaves_whole_parts_and_the_next_goes_on(
    skus: list[Sku], staff: User, one_step: None, monkeypatch: Any
) -> None:
    task = uploaded("stock", counted(skus, staff), staff)
    sheet_confirm(task_id=task.pk, confirmed_by_id=staff.pk)
    assert sheet_run(task_id=task.pk)
    # Dies after it has written the rows and before it has noted that it has.
    with monkeypatch.context() as patched:
        patched.setattr(importing, "_note", _die)
        with pytest.raises(OperationalError):
            sheet_run(task_id=task.pk)
    task.refresh_from_db()
    assert (task.state, task.done_rows) == ("applying", 2)
    assert stocks() == [7, 7, 10, 10, 10]
    task = done(task)
    assert (task.state, counts(task), task.problems) == ("done", (0, 5, 0, 0), [])
    assert stocks() == [7] * 5
    assert StockMovement.objects.filter(reason="adjustment").count() == 5


def _die(*args: Any) -> None:
    raise OperationalError("the server closed the connection unexpectedly")


def test_a_job_that_runs_once_more_does_nothing(skus: list[Sku], staff: User) -> None:
    task = confirmed(uploaded("stock", counted(skus, staff), staff))
    assert task.state == "done"
    assert not sheet_run(task_id=task.pk)
    assert not sheet_run(task_id=0)
    sheet_run_job(context(SHEET_TRIES), task_id=task.pk)
    task.refresh_from_db()
    assert task.state == "done"
    assert StockMovement.objects.filter(reason="adjustment").count() == 5


def test_a_long_sheet_stands_in_line_behind_all_else(
    skus: list[Sku], staff: User, one_step: None
) -> None:
    content = counted(skus, staff)
    before = jobs()
    task = sheet_upload(
        kind="stock", name="a.xlsx", content=content, made_by_id=staff.pk
    )
    assert jobs()[len(before) :] == [("shop.jobs.sheet_run", -10)]
    sheet_run_job(context(), task_id=task.pk)
    assert jobs()[len(before) :] == [("shop.jobs.sheet_run", -10)] * 2
    done(task)
    sheet_run_job(context(), task_id=task.pk)
    assert len(jobs()) == len(before) + 2


def test_a_sheet_that_kills_its_workers_ends(
    skus: list[Sku], staff: User, one_step: None
) -> None:
    """The queue counts a try that a killed worker did not end, too."""
    task = uploaded("stock", counted(skus, staff), staff)
    sheet_confirm(task_id=task.pk, confirmed_by_id=staff.pk)
    sheet_run_job(context(SHEET_TRIES - 1), task_id=task.pk)
    before = len(jobs())
    sheet_run_job(context(SHEET_TRIES), task_id=task.pk)
    task.refresh_from_db()
    assert (task.state, task.error) == (
        "failed",
        "多次尝试都没有完成,请联系技术人员",
    )
    assert stocks() == [7, 7, 10, 10, 10]
    assert len(jobs()) == before


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '55P03'; END $$", "applying"),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '54000'; END $$", "failed"),
    ],
)
def test_what_the_database_will_never_take_is_not_tried_again(
    skus: list[Sku], staff: User, monkeypatch: Any, statement: str, state: str
) -> None:
    task = uploaded("stock", counted(skus, staff), staff)
    sheet_confirm(task_id=task.pk, confirmed_by_id=staff.pk)

    def refused(*args: Any) -> None:
        connection.cursor().execute(statement)

    monkeypatch.setattr(StockSheet, "lock", refused)
    with suppress(OperationalError):
        assert not sheet_run(task_id=task.pk)
    task.refresh_from_db()
    assert task.state == state


def test_a_fault_of_the_program_fails_the_task(
    skus: list[Sku], staff: User, monkeypatch: Any, caplog: Any
) -> None:
    task = uploaded("stock", counted(skus, staff), staff)
    sheet_confirm(task_id=task.pk, confirmed_by_id=staff.pk)

    def broken(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(StockSheet, "lock", broken)
    task = done(task)
    assert (task.state, task.error) == (
        "failed",
        "程序出错,已记入日志,请联系技术人员",
    )
    assert task.ended_at is not None
    assert f"sheet {task.pk} has failed" in caplog.text
    assert stocks() == [10] * 5


def test_an_export_goes_on_where_a_worker_died(
    skus: list[Sku], staff: User, one_step: None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(exporting, "_EXPORT_PART", 2)
    task = sheet_export(
        kind="stock",
        sheet_format=SheetFormat.XLSX,
        ids=[sku.pk for sku in skus],
        made_by_id=staff.pk,
    )
    assert sheet_run(task_id=task.pk)
    with monkeypatch.context() as patched:
        patched.setattr(StockSheet, "instances", _die)
        with pytest.raises(OperationalError):
            sheet_run(task_id=task.pk)
    task = done(task)
    assert (task.state, task.done_rows) == ("done", 5)
    rows = table(bytes(task.files.get().content))
    assert [row["SKU编号"] for row in rows] == [sku.pk for sku in skus]
    assert not SheetPart.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue", "patient_database")
def test_workers_at_one_sheet_write_each_row_once(skus: list[Sku], staff: User) -> None:
    """As when a worker that was only slow comes back beside the one for it."""
    task = uploaded("stock", counted(skus, staff), staff)
    answers = together(
        lambda _: sheet_confirm(task_id=task.pk, confirmed_by_id=staff.pk)
    )
    assert answers.count(None) == 1
    assert answers.count("sheet_state_changed") == WRITERS - 1
    together(lambda _: sheet_run(task_id=task.pk))
    task = done(task)
    assert (task.state, counts(task), task.done_rows) == ("done", (0, 5, 0, 0), 5)
    assert stocks() == [7] * 5
    assert StockMovement.objects.filter(reason="adjustment").count() == 5
