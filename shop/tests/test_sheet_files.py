"""Files that staff upload and download, honest and hostile ones."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from shop.models import SheetFormat
from shop.sheets import reading
from shop.sheets.cells import text_harmless, text_typed
from shop.sheets.reading import SheetRefused, sheet_cells, sheet_format
from shop.sheets.writing import sheet_write
from shop.tests.sheets import csv_table, saved, workbook

# What a spreadsheet would run, or take for something else than the text it is.
RISKY = [
    "=1+1",
    "+86 138",
    "-5℃",
    "@SUM(A1)",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "'=1+1",
    "''=1",
    '=HYPERLINK("http://evil.example","x")',
    "=cmd|' /C calc'!A0",
]


def read(content: bytes) -> list[tuple[int, list[tuple[str, str]]]]:
    """Return what is read of a file: each row's number and cells."""
    return [
        (number, [(cell.text, cell.fault) for cell in row if cell.text])
        for number, row in sheet_cells(sheet_format(content), content)
    ]


def texts(content: bytes) -> list[list[str]]:
    return [[text for text, _ in row] for _, row in read(content)]


def refusal(content: bytes) -> str:
    """Return why a file is refused, at the door or while it is read."""
    with pytest.raises(SheetRefused) as refused:
        read(content)
    return refused.value.message


def changed(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return a workbook whose members were changed."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return file.getvalue()


def test_a_workbook_is_read_as_it_was_meant() -> None:
    content = workbook(
        ["列", "值"],
        ["整数", 7],
        ["条码", 6901234567890.0],
        ["小数", 19.9],
        ["文本数字", "007"],
        ["负数", -3],
        ["真", True],
        [None, None],
        ["换行", "a\r\nb "],
    )
    assert read(content)[1:] == [
        (2, [("整数", ""), ("7", "")]),
        (3, [("条码", ""), ("6901234567890", "")]),
        (4, [("小数", ""), ("19.9", "")]),
        (5, [("文本数字", ""), ("007", "")]),
        (6, [("负数", ""), ("-3", "")]),
        (7, [("真", ""), ("TRUE", "")]),
        (9, [("换行", ""), ("a\nb", "")]),
    ]


@pytest.mark.parametrize(
    ("value", "text", "fault"),
    [
        ("=A1+1", "=A1+1", "不能是公式,请粘贴为数值"),
        (date(2026, 1, 2), "2026-01-02 00:00:00", "被表格软件写成了日期"),
        ("#N/A", "#N/A", "是错误值"),
        (1234567890123456789, "1.234568E+18", "数字太长"),
    ],
)
def test_a_cell_that_means_nothing_is_named(value: Any, text: str, fault: str) -> None:
    [(_, [(read_text, read_fault)])] = read(workbook([value]))
    assert read_text == text
    assert read_fault.startswith(fault)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_each_encoding(encoding: str) -> None:
    content = '名称,价格\r\n"龙井,茶",9.90\n"a\nb",\n'.encode(encoding)
    assert sheet_format(content) == SheetFormat.CSV
    assert texts(content) == [["名称", "价格"], ["龙井,茶", "9.90"], ["a\nb"]]


def test_a_csv_names_formulas_and_lost_digits() -> None:
    assert read(b"a,b\n=1+1,6.90E+12\n")[1] == (
        2,
        [
            ("=1+1", "不能是公式,请粘贴为数值"),
            (
                "6.90E+12",
                "数字太长,已被表格软件改写,请把该列设为文本格式后重新填写",
            ),
        ],
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "文件是空的"),
        (b"x" * (reading.BYTES_MAX + 1), "文件不能超过5MB"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 99, "旧版或加密的 Excel 文件无法读取"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "只能上传 xlsx 或 csv 文件"),
        (b"\xff\xfea\0,\0", "请另存为“CSV UTF-8”或 xlsx 格式"),
        (b'a,b\n"open', "CSV 的引号不成对"),
        (b"PK\x03\x04 and nothing", "文件已损坏或加密"),
        (workbook(["a"])[:-400], "文件已损坏"),
    ],
)
def test_what_is_no_sheet_is_refused(content: bytes, told: str) -> None:
    assert refusal(content).startswith(told)


def test_a_zip_without_a_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "x")
    assert refusal(file.getvalue()).startswith("文件已损坏")


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as member,
    ):
        for _ in range(70):
            member.write(b" " * 1024 * 1024)
    assert len(file.getvalue()) < 200_000
    assert refusal(file.getvalue()).startswith("文件解压后过大")


def test_many_members_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(501):
            archive.writestr(str(number), "")
    assert refusal(file.getvalue()).startswith("文件解压后过大")


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE x [<!ENTITY a "x">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(declaration: str, encoding: str) -> None:
    def change(name: str, data: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return data
        head = f'<?xml version="1.0" encoding="{encoding}"?>{declaration}'
        return f"{head}{data.decode()}".encode(encoding)

    assert refusal(changed(workbook(["a"]), change)) == SheetRefused.message


@pytest.mark.parametrize("payload", ["&a;", "&lol9;"])
def test_the_parser_itself_resolves_no_entity(payload: str) -> None:
    """What the door keeps out would do no harm inside."""
    bombs = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
    head = (
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY lol0 "lol">'
        f"{bombs}]>"
    )

    def change(name: str, data: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return data
        return (head + data.decode().replace(">marked<", f">{payload}<")).encode()

    content = changed(workbook(["marked"]), change)
    with pytest.raises(SheetRefused):
        list(sheet_cells(SheetFormat.XLSX, content))


def test_a_far_cell_costs_nothing() -> None:
    book = Workbook()
    book.active["A1"] = "列"
    book.active["XFD1"] = "远"
    book.active["A150000"] = "低"
    book.active["A200001"] = "太低"
    assert read(saved(book)) == [(1, [("列", "")]), (150_000, [("低", "")])]


def test_only_the_first_sheet_is_read() -> None:
    book = Workbook()
    book.active.append(["一"])
    book.create_sheet().append(["二"])
    assert texts(saved(book)) == [["一"]]


def test_a_long_cell_is_named() -> None:
    content = f"a\n{'长' * 32_768}\n".encode()
    [_, (_, [(text, fault)])] = read(content)
    assert (len(text), fault) == (32_767, "内容过长")


@pytest.mark.parametrize("text", RISKY)
def test_text_that_runs_is_made_harmless_and_comes_back(text: str) -> None:
    harmless = text_harmless(text)
    assert harmless == f"'{text}"
    assert text_typed(harmless) == text


@pytest.mark.parametrize("text", ["茶", "a=b", "it's", "'茶", "1-2", ""])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert text_harmless(text) == text_typed(text) == text


@pytest.mark.parametrize("sheet_format", SheetFormat)
def test_no_cell_of_a_file_runs(sheet_format: SheetFormat) -> None:
    content = sheet_write(
        sheet_format,
        headers=["文本", "数"],
        numeric=[False, True],
        rows=[[text, "-3.50"] for text in RISKY],
    )
    assert texts(content)[1:] == [
        [text, "-3.50" if sheet_format == "csv" else "-3.5"] for text in RISKY
    ]
    if sheet_format == "csv":
        assert content.startswith(b"\xef\xbb\xbf")
        assert [row["文本"] for row in csv_table(content)] == [
            f"'{text}" for text in RISKY
        ]
    else:
        _, *rows = load_workbook(io.BytesIO(content)).active.rows
        assert [
            (cell.value, cell.data_type, cell.number_format) for cell, _ in rows
        ] == [(f"'{text}", "s", "@") for text in RISKY]
        assert {(cell.value, cell.data_type) for _, cell in rows} == {(-3.5, "n")}


def test_what_xml_cannot_hold_is_left_out() -> None:
    content = sheet_write(
        SheetFormat.XLSX, headers=["a"], numeric=[False], rows=[["x\x00\x0by\r\nz"]]
    )
    assert texts(content) == [["a"], ["xy\nz"]]
