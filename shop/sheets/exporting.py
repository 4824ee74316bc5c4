"""The steps of an export: texts part by part, then the file."""

from shop.models import SheetFormat, SheetPart, SheetState, SheetTask
from shop.sheets.files import result_name, result_save
from shop.sheets.kinds import SheetKind
from shop.sheets.stages import stage_begin, task_end
from shop.sheets.writing import sheet_write

_EXPORT_PART = 500


def export_step(task: SheetTask, kind: SheetKind) -> None:
    """Write the texts of the next rows; behind the last ones the file."""
    if task.state == SheetState.WAITING:
        stage_begin(task)
        task.state = SheetState.APPLYING
    begin = task.done_parts * _EXPORT_PART
    ids = task.parameters["ids"][begin : begin + _EXPORT_PART]
    if not ids:
        _export_end(task, kind)
        return
    rows = kind.export_rows(ids)
    task.shows_people = task.shows_people or kind.shows_people
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
    result_save(task, result_name(kind, task), content)
    task_end(task, SheetState.DONE)
