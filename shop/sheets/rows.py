"""From the cells of an uploaded sheet to the rows of its kind."""

from collections import Counter
from collections.abc import Iterator, Sequence

from shop.models import SheetFormat
from shop.sheets.cells import Cell
from shop.sheets.kinds import Row, SheetKind, Unit
from shop.sheets.reading import ROWS_MAX, SheetRefused, sheet_cells

_NAMES_TOLD = 5
# All rows together; a workbook may say one long text of a few bytes over and over.
_LETTERS_MAX = 10_000_000


def sheet_units(
    kind: SheetKind, sheet_format: SheetFormat, content: bytes
) -> Iterator[Unit]:
    """Yield the units of a sheet, in its order.

    Raises: SheetRefused, for what can't be read, lacks columns or has others.
    """
    return kind.units(_rows(kind, sheet_format, content))


def _rows(kind: SheetKind, sheet_format: SheetFormat, content: bytes) -> Iterator[Row]:
    cells = sheet_cells(sheet_format, content)
    _, first = next(cells, (0, ()))
    names = [cell.text for cell in first]
    _require_columns(kind, names)
    count = letters = 0
    for count, (number, row) in enumerate(cells, start=1):
        letters += sum(len(cell.text) for cell in row)
        if count > ROWS_MAX:
            raise SheetRefused(f"最多{ROWS_MAX}行,请分成几个文件上传")
        if letters > _LETTERS_MAX:
            raise SheetRefused("内容过多,请分成几个文件上传")
        yield _row(number, names, row)
    if not count:
        raise SheetRefused("表格里没有数据")


def _require_columns(kind: SheetKind, names: Sequence[str]) -> None:
    given = [name for name in names if name]
    known = [column.name for column in kind.columns]
    needed = [column.name for column in kind.columns if column.is_needed]
    if missing := [name for name in needed if name not in given]:
        raise SheetRefused(f"第1行缺少列:{_listed(missing)}")
    if unknown := [name for name in given if name not in known]:
        raise SheetRefused(f"第1行有不认识的列,请删除或改名:{_listed(unknown)}")
    if twice := [name for name, count in Counter(given).items() if count > 1]:
        raise SheetRefused(f"第1行有重复的列:{_listed(twice)}")


def _listed(names: Sequence[str]) -> str:
    told = "、".join(name[:20] for name in names[:_NAMES_TOLD])
    return f"{told}等{len(names)}列" if len(names) > _NAMES_TOLD else told


def _row(number: int, names: Sequence[str], cells: Sequence[Cell]) -> Row:
    """Return the cells by column; of those below no name the first is a fault."""
    row = Row(number, {}, {})
    astray = []
    for position, cell in enumerate(cells):
        name = names[position] if position < len(names) else ""
        if name:
            row.cells[name] = cell.text
            if cell.fault:
                row.faults[name] = cell.fault
        elif cell.text:
            astray.append(position + 1)
    if astray:
        row.faults[f"第{astray[0]}列"] = "第1行没有这一列的名称"
    return row
