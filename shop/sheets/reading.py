"""Reading what staff upload: a workbook or a csv, from whatever program wrote it."""

import csv
import io
import logging
import zipfile
import zlib
from collections.abc import Iterator, Sequence

from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL

from shop.errors import ShopError
from shop.models import SheetFormat
from shop.sheets.cells import Cell, cell_of_text, cell_of_value

logger = logging.getLogger(__name__)

BYTES_MAX = 5 * 1024 * 1024
ROWS_MAX = 20_000
COLUMNS_MAX = 60
# 20,000 rows of a catalogue with descriptions are a third of it.
_UNPACKED_MAX = 60 * 1024 * 1024
_MEMBERS_MAX = 500
# As spreadsheets pack. Others would name how much memory unpacking takes.
_PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# Rows that are blank, such as those that somebody has painted, are walked over.
_WALKED_MAX = 10 * ROWS_MAX
_BLOCK = 1024 * 1024
_ZIP = b"PK\x03\x04"
# Excel before 2007, and a workbook with a password.
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# No workbook has a document type, in which entities are made. A part may have any name
# and any encoding that the parser knows; the others write these letters as ASCII does.
_HOSTILE = tuple(
    "<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
# The longest, less one: what two blocks share.
_OVERLAP = max(map(len, _HOSTILE)) - 1
_NOT_TEXT = {chr(code) for code in range(32)} - set("\t\r\n")


class SheetRefused(ShopError):
    """The file can't be read, or is no sheet of its kind."""

    code = "sheet_refused"
    http_status = 400
    message = "表格无法读取,请下载模板后重新填写"


def sheet_format(content: bytes) -> SheetFormat:
    """Tell what a file is, by its content, before anything parses it.

    Raises: SheetRefused, for what is too large, packed too tightly or no sheet.
    """
    if not content:
        raise SheetRefused("文件是空的")
    if len(content) > BYTES_MAX:
        raise SheetRefused("文件不能超过5MB")
    if content.startswith(_OLD_EXCEL):
        raise SheetRefused("旧版或加密的 Excel 文件无法读取,请另存为不加密的 xlsx")
    if content.startswith(_ZIP):
        _require_harmless(content)
        return SheetFormat.XLSX
    _decoded(content)
    return SheetFormat.CSV


def _require_harmless(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if size > _UNPACKED_MAX or len(members) > _MEMBERS_MAX:
                raise SheetRefused("文件解压后过大,请删除多余的格式、图片和工作表")
            if any(member.compress_type not in _PACKED for member in members):
                raise SheetRefused
            if any(_is_hostile(archive, member) for member in members):
                raise SheetRefused
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise SheetRefused("文件已损坏或加密,请重新保存为 xlsx") from error
    except (ValueError, OSError, zlib.error) as error:
        raise SheetRefused("文件已损坏,请重新保存为 xlsx") from error


def _is_hostile(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Look through a member; one never unpacks to more than it says it does."""
    with archive.open(member) as file:
        last = b""
        while block := file.read(_BLOCK):
            block = last + block
            if any(word in block for word in _HOSTILE):
                return True
            last = block[-_OVERLAP:]
    return False


def _decoded(content: bytes) -> str:
    """Decode what Excel in China writes, and everybody else.

    Raises: SheetRefused.
    """
    if content.startswith(_UTF_16):
        raise SheetRefused("请另存为“CSV UTF-8”或 xlsx 格式")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _NOT_TEXT.isdisjoint(text):
            return text
    raise SheetRefused("只能上传 xlsx 或 csv 文件")


def sheet_cells(
    sheet_format: SheetFormat, content: bytes
) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Yield the rows that are not blank, each with its number in the sheet.

    Raises: SheetRefused.
    """
    is_xlsx = sheet_format == SheetFormat.XLSX
    rows = _workbook_cells(content) if is_xlsx else _csv_cells(content)
    return ((number, row) for number, row in rows if any(one.text for one in row))


def _workbook_cells(content: bytes) -> Iterator[tuple[int, list[Cell]]]:
    """Read the first sheet of a workbook, row by row.

    Files that no spreadsheet wrote make the parser fail in any way it likes.
    """
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What a program says of the size may be wrong.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=COLUMNS_MAX, max_row=_WALKED_MAX)
        for number, row in enumerate(rows, start=1):
            # Those between a heading and a far cell, and there may be many.
            if all(cell is EMPTY_CELL for cell in row):
                continue
            yield number, [cell_of_value(cell.value, cell.data_type) for cell in row]
    except Exception as error:
        logger.warning("a workbook could not be read", exc_info=error)
        raise SheetRefused("文件已损坏,请用 Excel 或 WPS 重新保存为 xlsx") from error


def _csv_cells(content: bytes) -> Iterator[tuple[int, list[Cell]]]:
    lines = io.StringIO(_decoded(content), newline="")
    try:
        for number, row in enumerate(csv.reader(lines, strict=True), start=1):
            yield number, [cell_of_text(text) for text in row[:COLUMNS_MAX]]
    except csv.Error as error:
        raise SheetRefused("CSV 的引号不成对,请用 Excel 或 WPS 重新保存") from error
