"""Counts of the stock: what the shelf holds, against what the shop believed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Max

from catalog.admin.fields import specs_text
from catalog.locks import skus_lock
from catalog.models import MovementReason, Product, Sku, StockMovement
from catalog.serializers.input import StockField
from catalog.services.stock import STOCK_MAX, stock_adjust
from catalog.sheets.columns import Numbers, numbers_of
from orders.services.fulfilment import pieces_waiting
from orders.sheets.columns import NOT_READ
from shop.api.serializers import ShopSerializer
from shop.api.text import PlainTextField
from shop.sheets.kinds import (
    Checked,
    Column,
    Finding,
    Row,
    Ruled,
    SheetKind,
    Unit,
    duplicates_noted,
    finding_of,
    rule,
)


class _Counts(ShopSerializer):
    expected = StockField(label="应有数量")
    counted = StockField(label="实盘数量")
    note = PlainTextField(label="备注", max_length=100)


class StockSheet(SheetKind):
    """A count is applied as a difference, so that sales meanwhile stay right.

    What is sold lies on the shelf until its parcel leaves, and is counted too.
    """

    name = "stock"
    title = "盘点"
    import_title = "导入盘点"
    import_permission = "catalog.adjust_stock"
    export_permission = "catalog.export_product"
    explanation = (
        "先导出盘点表,填写货架上的实盘数量,再上传。已下单还没发货的商品还在货架上,要数进去:"
        "库存按“实盘数量减去应有数量”的差额调整,应有数量是可售库存加已下单未发货。"
        "盘点期间卖出的不受影响;发货、退货入库或调整过库存的SKU会被拒绝,"
        "请重新导出,盘点期间最好暂停发货。实盘数量留空的行不调整。"
    )

    sku_id = Column(
        "SKU编号",
        Ruled(rule(Numbers, "sku")),
        attribute="pk",
        is_needed=True,
        is_number=True,
        hint="导出时自带,不要改",
        example="12",
    )
    product = Column("商品", attribute="product__name", hint=NOT_READ)
    specs = Column("规格", hint=NOT_READ)
    code = Column("编码", attribute="code", hint=NOT_READ)
    stock = Column("可售库存", attribute="stock", is_number=True, hint=NOT_READ)
    waiting = Column("已下单未发货", attribute="waiting", is_number=True, hint=NOT_READ)
    expected = Column(
        "应有数量",
        Ruled(rule(_Counts, "expected")),
        attribute="expected",
        is_needed=True,
        is_number=True,
        hint="可售库存加已下单未发货;导出时自带,不要改",
        example="10",
    )
    adjustment = Column(
        "盘点依据",
        Ruled(rule(Numbers, "adjustment")),
        attribute="last_adjustment",
        is_needed=True,
        is_number=True,
        hint="导出时自带,不要改",
        example="0",
    )
    counted = Column(
        "实盘数量",
        Ruled(rule(_Counts, "counted")),
        is_number=True,
        hint="货架上实际的件数,已下单还没发货的也数进去;没有盘点的留空",
        example="9",
    )
    note = Column(
        "备注", Ruled(rule(_Counts, "note")), hint="写入库存流水", example="破损1件"
    )

    def dehydrate_specs(self, sku: Sku) -> str:
        return specs_text(sku)

    def instances(self, ids: Sequence[int]) -> Iterable[Sku]:
        """Return the SKUs in the order of the ids."""
        known = _skus(ids)
        return [known[pk] for pk in ids if pk in known]

    def units(self, rows: Iterable[Row]) -> Iterator[Unit]:
        """Note a SKU that is counted twice."""
        return super().units(duplicates_noted(rows, "SKU编号"))

    def lock(self, units: Sequence[Unit]) -> None:
        """Lock the SKUs."""
        skus_lock(sku_ids=_sku_ids(units))

    def check(self, units: Sequence[Unit]) -> list[Checked]:
        """Compare each row with what is there."""
        known = _skus(_sku_ids(units))
        return [self._checked(finding_of(row), known) for unit in units for row in unit]

    def write(self, arguments: Any, *, reference: str) -> None:
        """Adjust one stock."""
        note = f"盘点({reference}) {arguments.pop('note') or ''}".strip()
        stock_adjust(**arguments, note=note, operator_id=self.user.pk)

    def _checked(self, finding: Finding, known: dict[int, Any]) -> Checked:
        values = {
            name: self.read(finding, self.fields[name])
            for name in ("sku_id", "expected", "adjustment", "counted", "note")
        }
        checked = Checked([finding])
        sku = known.get(values["sku_id"] or 0)
        if sku is None:
            finding.refuse("SKU编号", "SKU不存在或已停用")
            return checked
        finding.name = f"{sku.product} {specs_text(sku)}"
        if checked.is_clean and values["counted"] is not None:
            delta = values["counted"] - values["expected"]
            if delta:
                _require_unmoved(finding, sku, values)
                _require_range(finding, sku, delta)
            checked.arguments = {
                "sku_id": sku.pk,
                "delta": delta,
                "expected_adjustment": values["adjustment"],
                "note": values["note"],
            }
        return checked


def _require_unmoved(finding: Finding, sku: Any, values: dict[str, Any]) -> None:
    """Refuse a count of a shelf that has changed since: nobody knows which they saw."""
    if values["adjustment"] != sku.last_adjustment:
        finding.refuse("盘点依据", "导出之后这个SKU的库存又调整过,请重新导出盘点表")
    elif values["expected"] != sku.expected:
        finding.refuse("应有数量", "导出之后有发货或退货入库,请重新导出盘点表后再数")


def _require_range(finding: Finding, sku: Any, delta: int) -> None:
    stock = sku.stock + delta
    if 0 <= stock <= STOCK_MAX:
        finding.change("库存", sku.stock, stock)
    else:
        finding.refuse("实盘数量", f"现有库存{sku.stock}件,调整{delta:+d}件后超出范围")


def _skus(ids: Iterable[int]) -> dict[int, Any]:
    """Return what products offer, with what a count is compared with.

    Each SKU has its `last_adjustment`, how many sold pieces are `waiting` to leave, and
    how many pieces are `expected` on the shelf.
    """
    rows = Sku.objects.active().filter(product__in=Product.objects.present())
    found: dict[int, Any] = rows.select_related("product").in_bulk(list(ids))
    adjustments = StockMovement.objects.filter(
        sku__in=found, reason=MovementReason.ADJUSTMENT
    )
    newest = adjustments.order_by().values("sku").annotate(last=Max("pk"))
    last = dict(newest.values_list("sku", "last"))
    waiting = pieces_waiting(found)
    for pk, sku in found.items():
        sku.last_adjustment = last.get(pk, 0)
        sku.waiting = waiting.get(pk, 0)
        sku.expected = sku.stock + sku.waiting
    return found


def _sku_ids(units: Sequence[Unit]) -> set[int]:
    numbers = {row.cells.get("SKU编号", "") for unit in units for row in unit}
    return numbers_of(numbers)
