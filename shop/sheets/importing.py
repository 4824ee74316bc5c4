"""The steps of an import: read the file, check its parts, write them."""

from collections.abc import Iterable

from shop.errors import ShopError
from shop.models import (
    SheetFormat,
    SheetPart,
    SheetRole,
    SheetState,
    SheetTask,
)
from shop.sheets.files import result_save
from shop.sheets.kinds import Checked, Finding, Row, SheetKind, Unit, Verdict
from shop.sheets.reading import SheetRefused
from shop.sheets.rows import sheet_units
from shop.sheets.stages import task_end
from shop.sheets.writing import sheet_write

# A check that has found so many ends: the sheet is another one, or shifted.
_PROBLEMS_MAX = 1000
_PROBLEMS_SHOWN = 200
_PREVIEW_ROWS = 20
_VALUE_SHOWN = 60
_PROBLEM_HEADERS = ("行", "列", "填写的内容", "问题")


def import_read(task: SheetTask, kind: SheetKind) -> None:
    """Cut the file into parts of whole units; a file that can't be read is refused."""
    content = bytes(task.files.get(role=SheetRole.SOURCE).content)
    try:
        units = list(sheet_units(kind, SheetFormat(task.format), content))
    except SheetRefused as error:
        task.problems = [_problem(0, "", "", error.message)]
        task.problem_count = 1
        task_end(task, SheetState.REFUSED)
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


def import_step(task: SheetTask, kind: SheetKind) -> None:
    """Check the next part, or write it; behind the last one the stage ends."""
    part = SheetPart.objects.filter(task=task, number=task.done_parts).first()
    if part is None:
        _stage_end(task)
        return
    if task.state == SheetState.CHECKING and task.problem_count >= _PROBLEMS_MAX:
        _problems_write(task)
        told = f"错误太多,只检查了前{task.done_rows}行"
        task_end(task, SheetState.REFUSED, error=told)
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
        task_end(task, SheetState.REFUSED)
    elif task.state == SheetState.CHECKING and has_changes:
        task.state = SheetState.CHECKED
    else:
        task_end(task, SheetState.DONE)


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
    result_save(task, f"错误清单-{task.pk}.xlsx", content)
