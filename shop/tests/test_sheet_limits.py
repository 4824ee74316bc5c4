"""What an uploaded sheet may be, at most, and what is told of one that is no such."""

import io
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook

from accounts.models import User
from catalog.models import Product
from shop.sheets.reading import SheetRefused, sheet_format
from shop.tests.sheets import problems, saved, table, uploaded, workbook

Make = Callable[..., Product]
COUNT = ["SKU编号", "应有数量", "盘点依据"]


@pytest.fixture
def tea(product_make: Make) -> Product:
    return product_make("茶", stock=10)


def test_a_file_that_is_no_sheet_of_its_kind_is_refused(staff: User) -> None:
    for rows, told in (
        ([["SKU编号", "应有数量"], [1, 2]], "第1行缺少列:盘点依据"),
        (
            [[*COUNT, "备忘"], [1, 2, 3, 4]],
            "第1行有不认识的列,请删除或改名:备忘",
        ),
        (
            [[*COUNT, "备注", "备注"], [1, 2, 3]],
            "第1行有重复的列:备注",
        ),
        ([COUNT], "表格里没有数据"),
        ([[]], "第1行缺少列:SKU编号、应有数量、盘点依据"),
    ):
        task = uploaded("stock", workbook(*rows), staff)
        assert task.state == "refused"
        assert task.problems == [{"row": 0, "column": "", "value": "", "message": told}]


def test_too_many_rows_are_refused(staff: User) -> None:
    content = "\n".join([",".join(COUNT), *["1,1,1"] * 20_001]).encode()
    task = uploaded("stock", content, staff)
    assert task.problems[0]["message"] == "最多20000行,请分成几个文件上传"
    assert (task.state, task.parts.count()) == ("refused", 0)


def test_a_value_below_no_column_is_named(tea: Product, staff: User) -> None:
    row = [tea.skus.get().pk, 10, 0, "?"]
    task = uploaded("stock", workbook([*COUNT, None], row), staff)
    assert task.problems == [
        {"row": 2, "column": "第4列", "value": "", "message": "第1行没有这一列的名称"}
    ]


def test_the_page_tells_two_hundred_problems_and_a_file_all(
    tea: Product, staff: User
) -> None:
    content = workbook(COUNT, *[["?", 1, 1]] * 205)
    task = uploaded("stock", content, staff)
    assert (task.problem_count, len(task.problems)) == (205, 200)
    rows = table(bytes(task.files.get(role="result").content))
    assert len(rows) == 205


def test_the_first_of_the_values_below_no_column_is_named(
    tea: Product, staff: User
) -> None:
    row = [tea.skus.get().pk, 10, 0, *["?"] * 20]
    task = uploaded("stock", workbook([*COUNT, None], row), staff)
    assert problems(task) == [(2, "第4列", "第1行没有这一列的名称")]


def test_a_check_ends_at_a_thousand_problems(tea: Product, staff: User) -> None:
    content = workbook(COUNT, *[["?", "?", "?"]] * 500)
    task = uploaded("stock", content, staff)
    assert (task.state, task.done_rows, task.problem_count) == ("refused", 350, 1050)
    assert task.error == "错误太多,只检查了前350行"


def test_one_long_text_said_over_and_over_is_refused(staff: User) -> None:
    """A workbook keeps a text once, however many cells say it."""
    book = Workbook()
    names = ["名称", "分类", "描述", "规格", "编码"]
    book.active.append(names)
    for _ in range(70):
        book.active.append(["长" * 32_767] * len(names))
    content = saved(book)
    assert len(content) < 100_000
    task = uploaded("products", content, staff)
    assert task.problems[0]["message"] == "内容过多,请分成几个文件上传"
    assert (task.state, task.parts.count()) == ("refused", 0)


def test_a_number_of_five_thousand_digits_names_no_sku(staff: User) -> None:
    content = f"{','.join([*COUNT, '实盘数量'])}\n{'1' * 5000},1,0,2\n".encode()
    task = uploaded("stock", content, staff)
    assert task.state == "refused"
    assert [one[:2] for one in problems(task)] == [(2, "SKU编号")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_hides_in_no_part_and_no_encoding(encoding: str) -> None:
    book = zipfile.ZipFile(io.BytesIO(workbook(["a"])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as changed:
        for name in book.namelist():
            changed.writestr(name, book.read(name))
        text = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "x">]><x>&a;</x>'
        changed.writestr("xl/media/sheet1.dat", text.encode(encoding))
    with pytest.raises(SheetRefused):
        sheet_format(out.getvalue())


@pytest.mark.parametrize("before", [1, 8])
def test_a_document_type_does_not_hide_between_two_blocks(before: int) -> None:
    """A member is looked through one mebibyte at a time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed:
        changed.writestr("xl/workbook.xml", " " * (1024**2 - before) + "<!DOCTYPE x>")
    with pytest.raises(SheetRefused):
        sheet_format(out.getvalue())


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_what_no_spreadsheet_packs_is_refused(packing: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as changed:
        changed.writestr("xl/workbook.xml", "<x/>" * 100)
    with pytest.raises(SheetRefused):
        sheet_format(out.getvalue())
