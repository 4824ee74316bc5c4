"""Sheets as staff make and read them, and the worker that works on them."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from openpyxl import Workbook, load_workbook

from shop.models import SheetFormat, SheetTask
from shop.sheets.running import sheet_run
from shop.sheets.services import sheet_confirm, sheet_export, sheet_upload


def workbook(*rows: Iterable[Any]) -> bytes:
    """Return an xlsx of rows, the header first."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def table(content: bytes) -> list[dict[str, Any]]:
    """Read an xlsx as a list of rows by column."""
    header, *rows = load_workbook(io.BytesIO(content)).worksheets[0].values
    return [dict(zip(header, row, strict=True)) for row in rows]


def csv_table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def rewritten(rows: list[dict[str, Any]]) -> bytes:
    """Write rows by column, such as `table` reads them, as an xlsx."""
    return workbook(rows[0], *(row.values() for row in rows))


def done(task: SheetTask) -> SheetTask:
    """Let the worker work until the task waits or has ended."""
    while sheet_run(task_id=task.pk):
        pass
    task.refresh_from_db()
    return task


def uploaded(
    kind: str, content: bytes, user: Any, name: str = "表格.xlsx"
) -> SheetTask:
    """Upload a sheet and let it be checked."""
    return done(sheet_upload(kind=kind, name=name, content=content, made_by_id=user.pk))


def confirmed(task: SheetTask) -> SheetTask:
    sheet_confirm(task_id=task.pk, confirmed_by_id=task.made_by_id)
    return done(task)


def exported(
    kind: str,
    ids: Iterable[int],
    user: Any,
    sheet_format: SheetFormat = SheetFormat.XLSX,
) -> bytes:
    """Export rows; return the file."""
    task = sheet_export(
        kind=kind, sheet_format=sheet_format, ids=list(ids), made_by_id=user.pk
    )
    assert done(task).state == "done", task.error
    return bytes(task.files.get(role="result").content)


def filled(kind: str, ids: Iterable[int], user: Any, **values: Any) -> bytes:
    """Export rows and write the same values into each of them."""
    rows = table(exported(kind, ids, user))
    return rewritten([{**row, **values} for row in rows])


def counts(task: SheetTask) -> tuple[int, int, int, int]:
    """Return how many rows are new, changed, unchanged, bad."""
    return (
        task.new_count,
        task.changed_count,
        task.unchanged_count,
        task.bad_count,
    )


def problems(task: SheetTask) -> list[tuple[int, str, str]]:
    """Return what is wrong: row, column, message."""
    return [(one["row"], one["column"], one["message"]) for one in task.problems]
