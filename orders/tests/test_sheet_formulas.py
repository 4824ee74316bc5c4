"""What people type comes out of every sheet as a text, and back in as it was."""

import csv
import io
import re
from collections.abc import Callable, Iterator

import pytest
from openpyxl import load_workbook
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, OrderItem, Refund
from orders.tests.conftest import line, paid_order
from orders.tests.refunding import asked
from shop.models import SheetFormat
from shop.tests.sheets import counts, exported, uploaded

# Source: OWASP, CSV Injection; and what Excel takes in Chinese input for the same.
CORPUS = (
    *("=1+1", "+86 138", "-5℃", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x"),
    *("\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "　=1+1", "\x0b=1+1", "\x1f@x"),
    *("'=1+1", "''=1", '"=1+1', ",=1+1", ";=1+1", "=1+1\r\n=2", "\t", "\r"),
    *("=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example","看")', "=1+1&A1"),
)
RUNS = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


@pytest.fixture
def ids(
    shopper_api: APIClient, product_make: Callable[..., Product]
) -> dict[str, list[int]]:
    """What each kind of sheet is exported of: all texts in it, around all cleaning."""
    products = [product_make(f"茶{number}") for number in range(len(CORPUS))]
    waiting, back = (paid_order(shopper_api, *map(line, products)) for _ in range(2))
    refund = asked(shopper_api, back)
    for product, text in zip(products, CORPUS, strict=True):
        Product.objects.filter(pk=product.pk).update(name=text, description=text)
        # No two alike: an import refuses them.
        product.skus.update(code=f"{text}{product.pk}")
        items = OrderItem.objects.filter(product=product)
        items.update(name=text, specs={text: text})
    Order.objects.update(name="=1+1", detail="\t=1+1", remark="＝1+1")
    Refund.objects.update(reason="\r@SUM(A1)")
    skus = [product.skus.get().pk for product in products]
    return {
        "products": [product.pk for product in products],
        "stock": skus,
        "orders": [waiting.pk],
        "parcels": [waiting.pk],
        "refunds": [refund.pk],
    }


def texts(content: bytes, sheet_format: SheetFormat) -> Iterator[str]:
    """Yield each cell that a spreadsheet would not take for a number."""
    if sheet_format == SheetFormat.CSV:
        file = io.StringIO(content.decode("utf-8-sig"), newline="")
        cells = (text for row in csv.reader(file) for text in row)
        yield from (text for text in cells if not re.fullmatch(r"-?[\d.]+", text))
        return
    for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows():
        for cell in row:
            assert cell.data_type in {"n", "s", "inlineStr"}, cell.value
            if cell.data_type != "n":
                yield str(cell.value)


@pytest.mark.parametrize("sheet_format", SheetFormat)
def test_no_cell_of_any_sheet_runs(
    ids: dict[str, list[int]], staff: User, sheet_format: SheetFormat
) -> None:
    for kind in ids:
        content = exported(kind, ids[kind], staff, sheet_format)
        found = list(texts(content, sheet_format))
        assert "1+1" in "".join(found), kind
        assert [text for text in found if RUNS.match(text)] == [], kind


@pytest.mark.parametrize("sheet_format", SheetFormat)
@pytest.mark.parametrize("kind", ["products", "stock"])
def test_what_was_exported_comes_back_without_a_change(
    ids: dict[str, list[int]], staff: User, kind: str, sheet_format: SheetFormat
) -> None:
    content = exported(kind, ids[kind], staff, sheet_format)
    task = uploaded(kind, content, staff)
    assert (task.problems, counts(task)) == ([], (0, 0, len(CORPUS), 0))
