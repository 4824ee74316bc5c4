"""What stands in a cell: harmless on the way out, plain text on the way in."""

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

# What Excel holds.
CELL_MAX = 32_767
# Text that a spreadsheet would run, its full-width twins included, and apostrophes
# before it: one more goes off again on the way in, so nothing is lost or gained.
# Source: OWASP, CSV Injection.
_RUNS = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")
# What XML can't hold, and PostgreSQL's JSON partly neither.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NEWLINE = re.compile(r"\r\n?")
# A spreadsheet keeps fifteen digits of a number.
_WHOLE_MAX = 10**15
# How it shows a longer one, which a csv then has for good.
_SCIENTIFIC = re.compile(r"-?\d(\.\d+)?E\+\d+")

FORMULA = "不能是公式,请粘贴为数值"
DATE = "被表格软件写成了日期,请把该列设为文本格式后重新填写"
ERROR = "是错误值,请重新填写"
TOO_LONG = "内容过长"
DIGITS_LOST = "数字太长,已被表格软件改写,请把该列设为文本格式后重新填写"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text, and what is wrong with it before anybody asks what it means."""

    text: str
    fault: str = ""


def text_plain(text: str) -> str:
    """Return a text as both a sheet and a comparison with one see it."""
    return _NEWLINE.sub("\n", _CONTROL.sub("", text)).strip()


def text_harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if _RUNS.match(text) else text


def text_typed(text: str) -> str:
    """Take the apostrophe off that `text_harmless` has put before a text."""
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text


def cell_of_text(text: str) -> Cell:
    """Read a cell of a csv, in which a formula is a text."""
    if text.lstrip().startswith("="):
        return Cell(text_plain(text)[:CELL_MAX], FORMULA)
    if _SCIENTIFIC.fullmatch(text.strip()):
        return Cell(text.strip(), DIGITS_LOST)
    return _cell(text)


def cell_of_value(value: Any, data_type: str) -> Cell:
    """Read a cell of a workbook, which knows what it holds."""
    if data_type == "f":
        return Cell(str(value)[:CELL_MAX], FORMULA)
    if data_type == "e":
        return Cell(str(value), ERROR)
    if isinstance(value, (date, time, timedelta)):
        return Cell(str(value), DATE)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, (int, float)):
        return _number(value)
    return Cell("") if value is None else _cell(str(value))


def _cell(text: str) -> Cell:
    if len(text) > CELL_MAX:
        return Cell(text[:CELL_MAX], TOO_LONG)
    return Cell(text_plain(text_typed(text)))


def _number(value: float) -> Cell:
    """Write 6901234567890.0 as it was typed."""
    if abs(value) >= _WHOLE_MAX:
        return Cell(f"{value:E}", DIGITS_LOST)
    return Cell(str(int(value)) if value == int(value) else repr(value))
