"""Writing a sheet row by row, so that its size costs no memory."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from shop.models import SheetFormat
from shop.sheets.cells import text_harmless, text_plain

_WIDTH_MIN, _WIDTH_MAX = 10, 40
# Without it Excel in China takes UTF-8 for GB18030.
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
CONTENT_TYPES = {
    SheetFormat.XLSX: "application/vnd.openxmlformats-officedocument"
    ".spreadsheetml.sheet",
    SheetFormat.CSV: "text/csv; charset=utf-8",
}


def sheet_write(
    sheet_format: SheetFormat,
    *,
    headers: Sequence[str],
    numeric: Sequence[bool],
    rows: Iterable[Sequence[str]],
) -> bytes:
    """Return a file of texts; `numeric` says which columns hold numbers.

    All other cells are text, whatever they look like.
    """
    if sheet_format == SheetFormat.CSV:
        return _csv(headers, numeric, rows)
    book = Workbook(write_only=True)
    with _cleared(book):
        sheet_add(book, "数据", headers=headers, numeric=numeric, rows=rows)
    return book_bytes(book)


def sheet_add(
    book: Workbook,
    title: str,
    *,
    headers: Sequence[str],
    numeric: Sequence[bool],
    rows: Iterable[Sequence[str]],
) -> None:
    """Add a sheet to a workbook that is only written."""
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, header in enumerate(headers, start=1):
        width = min(max(2 * len(header) + 4, _WIDTH_MIN), _WIDTH_MAX)
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_bold(sheet, header) for header in headers])
    for row in rows:
        sheet.append(
            [
                _cell(sheet, text, is_number)
                for text, is_number in zip(row, numeric, strict=True)
            ]
        )


def book_bytes(book: Workbook) -> bytes:
    """Return a workbook as a file; it is packed on the disk.

    Raises: OSError, when that has no room; nothing is left on it then.
    """
    with tempfile.TemporaryFile() as file, _cleared(book):
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            ExcelWriter(book, archive).save()
        file.seek(0)
        return file.read()


@contextmanager
def _cleared(book: Workbook) -> Iterator[None]:
    """Remove the files of a workbook that fails; openpyxl waits for our end."""
    try:
        yield
    except BaseException:
        for sheet in book.worksheets:
            if sheet._writer is not None:
                Path(sheet._writer.out).unlink(missing_ok=True)
        raise


def _bold(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, text: str, is_number: bool) -> Any:
    if not text:
        return None
    if is_number:
        return Decimal(text)
    cell = WriteOnlyCell(sheet)
    # Set apart from the value, which openpyxl would take for a formula.
    cell._value, cell.data_type = text_harmless(text_plain(text)), "s"
    # Excel leaves long digits alone when somebody edits them.
    cell.number_format = "@"
    return cell


def _csv(
    headers: Sequence[str], numeric: Sequence[bool], rows: Iterable[Sequence[str]]
) -> bytes:
    file = io.StringIO(newline="")
    file.write(_BOM)
    writer = csv.writer(file)
    writer.writerow(headers)
    for row in rows:
        writer.writerow(
            [
                text if is_number else text_harmless(text_plain(text))
                for text, is_number in zip(row, numeric, strict=True)
            ]
        )
    return file.getvalue().encode()
