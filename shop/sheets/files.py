"""The files that staff download."""

from django.utils import timezone
from openpyxl import Workbook

from shop.models import SheetFile, SheetRole, SheetTask
from shop.sheets.kinds import SheetKind
from shop.sheets.writing import book_bytes, sheet_add

_TEMPLATE_HEADERS = ("列", "是否必填", "说明", "示例")


def result_name(kind: SheetKind, task: SheetTask) -> str:
    """Name an export by what it holds and by the day."""
    return f"{kind.title}-{timezone.localdate():%Y%m%d}-{task.pk}.{task.format}"


def result_save(task: SheetTask, name: str, content: bytes) -> None:
    """Keep what a task ends with; a check before has left nothing."""
    SheetFile.objects.create(
        task=task, role=SheetRole.RESULT, name=name, content=content
    )


def template_bytes(kind: SheetKind) -> bytes:
    """Return an empty workbook with a kind's columns; a second sheet explains them.

    The examples stand there, for only the first sheet is read.
    """
    book = Workbook(write_only=True)
    names = [column.name for column in kind.columns]
    sheet_add(book, "数据", headers=names, numeric=[False] * len(names), rows=[])
    rows = [
        [column.name, "必填" if column.is_needed else "", column.hint, column.example]
        for column in kind.columns
    ]
    numeric = [False] * len(_TEMPLATE_HEADERS)
    sheet_add(book, "说明", headers=_TEMPLATE_HEADERS, numeric=numeric, rows=rows)
    return book_bytes(book)
