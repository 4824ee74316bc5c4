"""What the worker does with a task: a step at a time, each one transaction.

A step writes its rows and how far the task is together, so a worker that is killed at
any line leaves whole steps behind, and the next one goes on after them.
"""

import logging
import time
from collections.abc import Iterable

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from shop.errors import ShopError
from shop.models import (
    SheetDirection,
    SheetFile,
    SheetFormat,
    SheetPart,
    SheetRole,
    SheetState,
    SheetTask,
)
from shop.models.sheet import RUNNING
from shop.sheets.files import result_name
from shop.sheets.kinds import (
    Checked,
    Finding,
    Row,
    SheetKind,
    Unit,
    Verdict,
    sheet_kinds,
)
from shop.sheets.locks import task_lock
from shop.sheets.reading import SheetRefused
from shop.sheets.rows import sheet_units
from shop.sheets.services import stage_begin
from shop.sheets.writing import sheet_write

logger = logging.getLogger(__name__)

# The worker does one job at a time: a refund waits for no longer than that.
_SLICE_SECONDS = 2
_EXPORT_PART = 500
_PROBLEMS_SHOWN = 200
_PREVIEW_ROWS = 20
_VALUE_SHOWN = 60
# All that changes: the ids of an export are long.
_WRITTEN = (
    *("state", "total_rows", "done_rows", "done_parts", "problem_count", "problems"),
    *(f"{verdict}_count" for verdict in Verdict),
    *("preview", "error", "ended_at"),
)
_PROBLEM_HEADERS = ("行", "列", "填写的内容", "问题")


def sheet_run(*, task_id: int) -> bool:
    """Work on a task for a while; say whether there is more to do.

    Raises: OperationalError, InterfaceError: what waits may be tried again.
    """
    until = time.monotonic() + _SLICE_SECONDS
    try:
        while _step(task_id):
            if time.monotonic() >= until:
                return True
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("sheet %d has failed", task_id)
        SheetTask.objects.filter(pk=task_id, state__in=RUNNING).update(
            state=SheetState.FAILED,
            error="程序出错,已记入日志,请联系技术人员",
            ended_at=timezone.now(),
        )
    return False


@transaction.atomic(durable=True)
def _step(task_id: int) -> bool:
    """Do the next step of a task; say whether one may follow.

    Locks: the task; then what its rows lock.
    """
    task = task_lock(task_id)
    if task is None or not task.is_running:
        return False
    kind = sheet_kinds()[task.kind](task.made_by)
    if task.direction == SheetDirection.EXPORT:
        _export_step(task, kind)
    elif task.state == SheetState.WAITING:
        _read(task, kind)
    else:
        _import_step(task, kind)
    task.save(update_fields=_WRITTEN)
    return task.is_running


# --- Import ------------------------------------------------------------------------


def _read(task: SheetTask, kind: SheetKind) -> None:
    """Cut the file into parts of whole units; a file that can't be read is refused."""
    content = bytes(task.files.get(role=SheetRole.SOURCE).content)
    try:
        units = list(sheet_units(kind, SheetFormat(task.format), content))
    except SheetRefused as error:
        task.problems = [_problem(0, "", "", error.message)]
        task.problem_count = 1
        _end(task, SheetState.REFUSED)
        return
    parts = [
        SheetPart(task=task, number=number, rows=[_packed(unit) for unit in part])
        for number, part in enumerate(_parts(units, kind.part_rows))
    ]
    SheetPart.objects.bulk_create(parts, batch_size=100)
    task.total_rows = sum(map(len, units))
    task.state = SheetState.CHECKING


def _parts(units: Iterable[Unit], rows_max: int) -> Iterable[list[Unit]]:
    part: list[Unit] = []
    for unit in units:
        if part and sum(map(len, part)) + len(unit) > rows_max:
            yield part
            part = []
        part.append(unit)
    if part:
        yield part


def _packed(unit: Unit) -> list[list[object]]:
    return [[row.number, row.cells, row.faults] for row in unit]


def _import_step(task: SheetTask, kind: SheetKind) -> None:
    part = SheetPart.objects.filter(task=task, number=task.done_parts).first()
    if part is None:
        _stage_end(task)
        return
    units = [[Row(*row) for row in unit] for unit in part.rows]
    if task.state == SheetState.APPLYING:
        checked = _apply(task, kind, units)
    else:
        checked = kind.check(units)
    findings = [finding for one in checked for finding in one.findings]
    part.problems = [problem for one in findings for problem in _problems(one)]
    part.save(update_fields=["problems"])
    _note(task, findings, part.problems)


def _apply(task: SheetTask, kind: SheetKind, units: list[Unit]) -> list[Checked]:
    """Check once more, under the locks, and write what still is as it was."""
    kind.lock(units)
    checked = kind.check(units)
    for one in checked:
        if one.is_clean and one.changes_something:
            _write(kind, one, reference=f"导入{task.pk}")
    return checked


def _write(kind: SheetKind, checked: Checked, *, reference: str) -> None:
    try:
        with transaction.atomic():
            kind.write(checked.arguments, reference=reference)
    except ShopError as error:
        for finding in checked.findings:
            if finding.verdict != Verdict.UNCHANGED:
                finding.refuse("", error.message)


def _note(task: SheetTask, findings: list[Finding], problems: list[object]) -> None:
    """Add a part to what the task knows of all."""
    for finding in findings:
        counter = f"{finding.verdict}_count"
        setattr(task, counter, getattr(task, counter) + 1)
        if finding.changes and len(task.preview) < _PREVIEW_ROWS:
            task.preview.append(_previewed(finding))
    task.problem_count += len(problems)
    task.problems += problems[: _PROBLEMS_SHOWN - len(task.problems)]
    task.done_rows += len(findings)
    task.done_parts += 1


def _previewed(finding: Finding) -> dict[str, object]:
    return {
        "row": finding.row.number,
        "name": finding.name,
        "changes": [
            {
                "column": change.column,
                "old": change.old[:_VALUE_SHOWN],
                "new": change.new[:_VALUE_SHOWN],
            }
            for change in finding.changes
        ],
    }


def _problems(finding: Finding) -> list[dict[str, object]]:
    row = finding.row
    return [
        _problem(row.number, column, row.cells.get(column, ""), message)
        for column, message in finding.problems
    ]


def _problem(row: int, column: str, value: str, message: str) -> dict[str, object]:
    return {
        "row": row,
        "column": column,
        "value": value[:_VALUE_SHOWN],
        "message": message,
    }


def _stage_end(task: SheetTask) -> None:
    """Go on to the question, or end; what was wrong becomes a file."""
    if task.problem_count:
        _problems_write(task)
    has_changes = task.new_count or task.changed_count
    if task.state == SheetState.CHECKING and task.problem_count:
        _end(task, SheetState.REFUSED)
    elif task.state == SheetState.CHECKING and has_changes:
        task.state = SheetState.CHECKED
    else:
        _end(task, SheetState.DONE)


def _problems_write(task: SheetTask) -> None:
    lists = task.parts.order_by("number").values_list("problems", flat=True)
    rows = (
        [str(one["row"]), one["column"], one["value"], one["message"]]
        for problems in lists.iterator()
        for one in problems
    )
    numeric = (True, False, False, False)
    content = sheet_write(
        SheetFormat.XLSX, headers=_PROBLEM_HEADERS, numeric=numeric, rows=rows
    )
    _result_save(task, f"错误清单-{task.pk}.xlsx", content)


# --- Export ------------------------------------------------------------------------


def _export_step(task: SheetTask, kind: SheetKind) -> None:
    if task.state == SheetState.WAITING:
        stage_begin(task)
        task.state = SheetState.APPLYING
    begin = task.done_parts * _EXPORT_PART
    ids = task.parameters["ids"][begin : begin + _EXPORT_PART]
    if not ids:
        _export_end(task, kind)
        return
    rows = kind.export_rows(ids)
    SheetPart.objects.create(task=task, number=task.done_parts, rows=rows)
    task.done_rows += len(ids)
    task.done_parts += 1


def _export_end(task: SheetTask, kind: SheetKind) -> None:
    parts = task.parts.order_by("number").values_list("rows", flat=True)
    sheet_format = SheetFormat(task.format)
    content = sheet_write(
        sheet_format,
        headers=[column.name for column in kind.columns],
        numeric=[column.is_number for column in kind.columns],
        rows=(row for rows in parts.iterator(chunk_size=1) for row in rows),
    )
    _result_save(task, result_name(kind, task), content)
    _end(task, SheetState.DONE)


# --- Both --------------------------------------------------------------------------


def _result_save(task: SheetTask, name: str, content: bytes) -> None:
    # A check has left none: only what has ended has a result.
    SheetFile.objects.create(
        task=task, role=SheetRole.RESULT, name=name, content=content
    )


def _end(task: SheetTask, state: SheetState) -> None:
    task.state = state
    task.ended_at = timezone.now()
    task.parts.all().delete()
