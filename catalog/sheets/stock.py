"""Counts of the stock: what the shelf holds, against what the shop believed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Max

from catalog.admin.skus import specs_text
from catalog.locks import skus_lock
from catalog.models import MovementReason, Product, Sku, StockMovement
from catalog.serializers.input import StockField
from catalog.services.stock import STOCK_MAX, stock_adjust
from catalog.sheets.columns import Numbers, numbers_of
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
    believed = StockField(label="系统库存")
    counted = StockField(label="实盘数量")
    note = PlainTextField(label="备注", max_length=100)


class StockSheet(SheetKind):
    """A count is applied as a difference, so that sales meanwhile stay right."""

    name = "stock"
    title = "盘点"
    import_title = "导入盘点"
    import_permission = "catalog.adjust_stock"
    export_permission = "catalog.export_product"
    explanation = (
        "先导出盘点表,填写实盘数量,再上传。库存按“实盘数量减去系统库存”的差额调整,"
        "盘点期间卖出的不受影响。实盘数量留空的行不调整。"
        "导出之后又调整过库存的SKU会被拒绝,请重新导出。"
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
    product = Column("商品", attribute="product__name", hint="供核对,不会导入")
    specs = Column("规格", hint="供核对,不会导入")
    code = Column("编码", attribute="code", hint="供核对,不会导入")
    believed = Column(
        "系统库存",
        Ruled(rule(_Counts, "believed")),
        attribute="stock",
        is_needed=True,
        is_number=True,
        hint="导出时自带,不要改",
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
        hint="货架上实际的件数;没有盘点的留空",
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
            for name in ("sku_id", "believed", "adjustment", "counted", "note")
        }
        checked = Checked([finding])
        sku = known.get(values["sku_id"] or 0)
        if sku is None:
            finding.refuse("SKU编号", "SKU不存在或已停用")
            return checked
        finding.name = f"{sku.product} {specs_text(sku)}"
        if checked.is_clean and values["counted"] is not None:
            delta = values["counted"] - values["believed"]
            _require_adjustable(finding, sku, delta, values["adjustment"])
            checked.arguments = {
                "sku_id": sku.pk,
                "delta": delta,
                "expected_adjustment": values["adjustment"],
                "note": values["note"],
            }
        return checked


def _require_adjustable(
    finding: Finding, sku: Any, delta: int, adjustment: int
) -> None:
    if not delta:
        return
    stock = sku.stock + delta
    if adjustment != sku.last_adjustment:
        finding.refuse("盘点依据", "导出之后这个SKU的库存又调整过,请重新导出盘点表")
    elif not 0 <= stock <= STOCK_MAX:
        finding.refuse("实盘数量", f"现有库存{sku.stock}件,调整{delta:+d}件后超出范围")
    else:
        finding.change("库存", sku.stock, stock)


def _skus(ids: Iterable[int]) -> dict[int, Any]:
    """Return what products offer, each SKU with its `last_adjustment`."""
    rows = Sku.objects.active().filter(product__in=Product.objects.present())
    found: dict[int, Any] = rows.select_related("product").in_bulk(list(ids))
    adjustments = StockMovement.objects.filter(
        sku__in=found, reason=MovementReason.ADJUSTMENT
    )
    newest = adjustments.order_by().values("sku").annotate(last=Max("pk"))
    last = dict(newest.values_list("sku", "last"))
    for pk, sku in found.items():
        sku.last_adjustment = last.get(pk, 0)
    return found


def _sku_ids(units: Sequence[Unit]) -> set[int]:
    numbers = {row.cells.get("SKU编号", "") for unit in units for row in unit}
    return numbers_of(numbers)
