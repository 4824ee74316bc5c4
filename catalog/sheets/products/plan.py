"""What the rows of a product would make of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.models import Product, ProductStatus, Sku
from catalog.services.skus import SKUS_MAX, SkuChange, skus_planned
from shop.errors import Invalid
from shop.sheets.cells import text_plain
from shop.sheets.kinds import (
    Checked,
    Column,
    Finding,
    SheetKind,
    Unit,
    Verdict,
    finding_of,
)

CLEAR = "清空"
# What a cleared cell leaves.
_CLEARED = {"description": "", "original_price": None, "category_id": None, "code": ""}
_OF_PRODUCT = ("name", "category_id", "status", "original_price", "description")
_OF_SKU = ("specs", "price", "alarm_stock", "code")
# What a sheet calls otherwise: its own name is another.
_CALLED = {"name": "product_name"}
_STOCK_REFUSAL = "只用于新SKU;已有SKU的库存请用盘点表"


class ProductPlan:
    """The rows of one product, compared with what there is."""

    def __init__(
        self,
        sheet: SheetKind,
        unit: Unit,
        products: Mapping[int, Any],
        codes: Mapping[str, int],
    ) -> None:
        self._sheet = sheet
        self._codes = codes
        self._findings = [finding_of(row) for row in unit]
        self._first = self._findings[0]
        self._id = sheet.read(self._first, sheet.fields["product_id"])
        self._product = products.get(self._id or 0)
        offered = self._product.offered if self._product else ()
        self._offered: dict[int, Sku] = {sku.pk: sku for sku in offered}

    def checked(self) -> Checked:
        """Say what the rows change, with the arguments that write it."""
        checked = Checked(self._findings)
        is_named = self._id or "商品编号" in self._first.row.faults
        if is_named and not self._product:
            self._first.refuse("商品编号", "商品不存在或已删除")
            return checked
        self._require_version()
        self._require_agreement()
        fields, skus = self._fields(), self._skus()
        if checked.is_clean and skus is not None:
            self._require_set(skus)
        checked.arguments = {
            "product_id": self._id,
            "version": self._product.version if self._product else None,
            "fields": fields,
            "skus": skus,
        }
        return checked

    def _fields(self) -> dict[str, Any]:
        """Return what the first row changes of the product itself."""
        product, first = self._product, self._first
        first.name = product.name if product else first.row.cells.get("名称", "")
        if product:
            return self._changes(first, _OF_PRODUCT, product, product.offered[0])
        first.begin()
        if not first.name:
            first.refuse("名称", "新商品的名称不能为空")
        values = self._changes(first, _OF_PRODUCT)
        return {"status": ProductStatus.OFF_SALE, **values}

    def _skus(self) -> list[SkuChange] | None:
        """Return the product's whole set with the rows' changes; None for none."""
        kept = {pk: SkuChange(id=pk) for pk in self._offered}
        added = []
        for finding in self._findings:
            sku_id = self._sheet.read(finding, self._sheet.fields["sku_id"])
            sku = self._offered.get(sku_id or 0)
            if sku is None and sku_id:
                finding.refuse("SKU编号", "SKU不属于该商品,或已停用")
            elif sku is None:
                added.append(self._new_sku(finding))
            else:
                kept[sku.pk] = self._sku(finding, sku)
        return [*kept.values(), *added] if self._touches_skus() else None

    def _sku(self, finding: Finding, sku: Sku) -> SkuChange:
        values = self._sku_changes(finding, sku)
        if finding.row.cells.get("初始库存"):
            finding.refuse("初始库存", _STOCK_REFUSAL)
        return SkuChange(id=sku.pk, **values)

    def _new_sku(self, finding: Finding) -> SkuChange:
        values = self._sku_changes(finding, None)
        finding.begin()
        if not finding.row.cells.get("价格"):
            finding.refuse("价格", "新SKU的价格不能为空")
        stock = self._sheet.read(finding, self._sheet.fields["stock"]) or 0
        if stock:
            if self._product and not self._sheet.user.has_perm("catalog.adjust_stock"):
                finding.refuse("初始库存", "没有调整库存的权限,请填0")
            finding.change("初始库存", "", stock)
        return SkuChange(**{"specs": {}, "code": "", **values, "stock": stock})

    def _sku_changes(self, finding: Finding, sku: Sku | None) -> dict[str, Any]:
        """Return what a row changes of its SKU; no other may have its code."""
        name = finding.name or (self._product.name if self._product else "")
        finding.name = f"{name} {finding.row.cells.get('规格', '')}".strip()
        values = self._changes(finding, _OF_SKU, sku, sku)
        own = sku.pk if sku else 0
        if self._codes.get(values.get("code", ""), own) != own:
            finding.refuse("编码", "编码已被其他SKU使用")
        return values

    def _changes(
        self,
        finding: Finding,
        names: Iterable[str],
        owner: Any = None,
        sku: Sku | None = None,
    ) -> dict[str, Any]:
        """Return the cells of a row that differ from what their owner has.

        `sku` is what the sheet tells it by; a new owner has nothing.
        """
        values = {}
        for name in names:
            column = self._column(name)
            old = text_plain(self._sheet.export_field(column, sku)) if sku else ""
            text = finding.row.cells.get(column.name, "")
            if text in ("", old):
                continue
            if text == CLEAR and name in _CLEARED:
                text, value = "", _CLEARED[name]
            else:
                value = self._sheet.read(finding, column)
            is_same = owner is not None and value == getattr(owner, name)
            if not is_same and not finding.is_refused(column.name):
                finding.change(column.name, old, text)
                values[name] = value
        return values

    def _column(self, name: str) -> Column:
        column: Column = self._sheet.fields[_CALLED.get(name, name)]
        return column

    def _touches_skus(self) -> bool:
        names = {self._column(name).name for name in _OF_SKU}
        return any(
            finding.verdict == Verdict.NEW
            or any(change.column in names for change in finding.changes)
            for finding in self._findings
        )

    # --- What is refused of the product as a whole -----------------------------------

    def _require_version(self) -> None:
        version = self._first.row.cells.get("版本", "")
        if self._product and version != self._product.version:
            self._first.refuse("版本", _version_refusal(version))

    def _require_agreement(self) -> None:
        """Refuse a product of which two rows say different things."""
        for name in ("版本", "名称", "分类", "状态", "原价", "描述"):
            told = self._first.row.cells.get(name, "")
            for finding in self._findings[1:]:
                if finding.row.cells.get(name, "") not in ("", told):
                    message = f"和同一商品的第{self._first.row.number}行不一致"
                    finding.refuse(name, message)

    def _require_set(self, skus: Sequence[SkuChange]) -> None:
        """Refuse what the service would refuse of the whole set."""
        if len(skus) > SKUS_MAX:
            self._first.refuse("规格", f"最多{SKUS_MAX}个SKU")
            return
        try:
            skus_planned(
                product=self._product or Product(),
                current=self._offered,
                changes=skus,
            )
        except Invalid as error:
            self._first.refuse("规格", error.message)


def _version_refusal(version: str) -> str:
    if not version:
        return "不能为空:请在导出的表格里修改,不要删除版本"
    return "商品已被他人修改,请重新导出后再改"
