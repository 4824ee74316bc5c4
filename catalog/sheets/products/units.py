"""The rows of a product, and what the catalogue has of it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Prefetch

from catalog.models import Product, Sku
from catalog.sheets.columns import numbers_of
from shop.sheets.kinds import Row, Unit


def units_of_products(rows: Iterable[Row]) -> Iterator[Unit]:
    """Put the rows of a product together; its own columns may stand in the first.

    A product that comes again later is a fault: its rows might disagree.
    """
    seen: dict[str, int] = {}
    unit: Unit = []
    for row in rows:
        if unit and _continues(unit[0], row):
            unit.append(row)
            continue
        if unit:
            yield unit
        unit = [row]
        number = row.cells.get("商品编号", "")
        if number and seen.setdefault(number, row.number) != row.number:
            row.faults["商品编号"] = f"和第{seen[number]}行是同一商品,请把它们放在一起"
    if unit:
        yield unit


def _continues(first: Row, row: Row) -> bool:
    """Say whether a row belongs to the product of the first."""
    number, name = row.cells.get("商品编号", ""), row.cells.get("名称", "")
    if number or not name:
        return number in ("", first.cells.get("商品编号", ""))
    return not first.cells.get("商品编号") and name == first.cells.get("名称")


def product_ids(units: Sequence[Unit]) -> set[int]:
    """Return the numbers of the units' products."""
    return numbers_of({unit[0].cells.get("商品编号", "") for unit in units})


def products_offered(ids: Iterable[int]) -> dict[int, Any]:
    """Return products that are not deleted, each with its SKUs as `offered`."""
    skus = Sku.objects.active().order_by("position", "pk")
    offered = Prefetch("skus", queryset=skus, to_attr="offered")
    rows = Product.objects.present().prefetch_related(offered)
    found: dict[int, Any] = rows.in_bulk(list(ids))
    return {pk: product for pk, product in found.items() if product.offered}


def codes_taken(units: Sequence[Unit]) -> dict[str, int]:
    """Return the codes of the rows that some SKU has now, and which."""
    codes = {row.cells.get("编码", "") for unit in units for row in unit} - {""}
    rows = Sku.objects.active().filter(code__in=codes)
    return dict(rows.values_list("code", "pk"))
