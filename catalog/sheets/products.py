"""Products with their SKUs: a row for each SKU."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.db.models import Prefetch

from catalog.errors import ProductChanged
from catalog.locks import category_hold, products_lock, skus_lock
from catalog.models import Product, ProductStatus, Sku
from catalog.serializers.input import ProductCreateSerializer, SkuInputSerializer
from catalog.services.products import product_create, product_update
from catalog.services.skus import SKUS_MAX, SkuChange, skus_planned
from catalog.sheets.columns import (
    Choice,
    Numbers,
    Specs,
    category_paths,
    numbers_of,
    specs_written,
)
from shop.errors import Invalid
from shop.sheets.cells import text_plain
from shop.sheets.kinds import (
    Checked,
    Column,
    Finding,
    Row,
    Ruled,
    SheetKind,
    Unit,
    Verdict,
    duplicates_noted,
    finding_of,
    rule,
)

CLEAR = "清空"
_STATUSES = {
    str(status.label): status.value
    for status in (ProductStatus.ON_SALE, ProductStatus.OFF_SALE)
}
_EMPTY_STAYS = f"空白表示不改;要清除请写“{CLEAR}”"
# What a cleared cell leaves.
_CLEARED = {"description": "", "original_price": None, "category_id": None, "code": ""}
_OF_PRODUCT = ("name", "category_id", "status", "original_price", "description")
_OF_SKU = ("specs", "price", "code")


class ProductSheet(SheetKind):
    """Products: new ones, and changes of those that were exported."""

    name = "products"
    title = "商品"
    import_title = "导入商品"
    import_permission = "catalog.import_product"
    export_permission = "catalog.export_product"
    explanation = (
        "每行一个SKU。要修改商品,请先导出,在导出的表格里改,再上传;"
        "要新增商品,商品编号留空。空白的单元格不改动原来的内容,表格里没有的SKU也不会删除。"
        "商品图片不能用表格导入,请在商品页面上传。"
    )

    product_id = Column(
        "商品编号",
        Ruled(rule(Numbers, "product")),
        is_number=True,
        hint="导出时自带,不要改;新商品留空",
    )
    version = Column("版本", hint="导出时自带,不要改;新商品留空")
    product_name = Column(
        "名称",
        Ruled(rule(ProductCreateSerializer, "name")),
        hint="新商品必填;同一商品的第二行起可以留空",
        example="龙井茶",
    )
    category_id = Column(
        "分类", hint=f"从上到下用“/”隔开;{_EMPTY_STAYS}", example="食品/茶叶"
    )
    status = Column(
        "状态",
        Choice(_STATUSES, "状态只能是在售或下架"),
        hint="在售或下架;新商品留空时为下架",
        example="下架",
    )
    original_price = Column(
        "原价",
        Ruled(rule(ProductCreateSerializer, "originalPrice")),
        is_number=True,
        hint=f"划线价;{_EMPTY_STAYS}",
        example="129.00",
    )
    description = Column(
        "描述",
        Ruled(rule(ProductCreateSerializer, "description")),
        hint=f"可以使用简单的 HTML;{_EMPTY_STAYS}",
        example="明前采摘",
    )
    sku_id = Column(
        "SKU编号",
        Ruled(rule(Numbers, "sku")),
        is_number=True,
        hint="导出时自带,不要改;新SKU留空",
    )
    specs = Column("规格", Specs(), hint="只有一种规格时留空", example="颜色:红 尺码:M")
    price = Column(
        "价格",
        Ruled(rule(SkuInputSerializer, "price")),
        is_number=True,
        hint="新SKU必填",
        example="99.00",
    )
    code = Column(
        "编码",
        Ruled(rule(SkuInputSerializer, "code")),
        hint=_EMPTY_STAYS,
        example="LJ-001",
    )
    stock = Column(
        "初始库存",
        Ruled(rule(SkuInputSerializer, "stock")),
        is_number=True,
        hint="只用于新SKU;已有SKU的库存请用盘点表",
        example="100",
    )

    def __init__(self, user: Any) -> None:
        super().__init__(user)
        paths = self._paths.values()
        # A path that two categories have means neither.
        known = {path: pk for pk, path in self._paths.items()}
        meanings = {path: pk for path, pk in known.items() if [*paths].count(path) == 1}
        self.fields["category_id"].widget = Choice(meanings, "分类不存在或有重名")

    @cached_property
    def _paths(self) -> dict[int, str]:
        return category_paths()

    # --- Export ----------------------------------------------------------------------

    def instances(self, ids: Sequence[int]) -> Iterable[Sku]:
        """Return the SKUs of products that are not deleted."""
        products = _products(ids)
        for pk in ids:
            for number, sku in enumerate(
                products[pk].offered if pk in products else ()
            ):
                # Long, and the first row tells it.
                sku.tells_description = number == 0
                yield sku

    def dehydrate_product_id(self, sku: Sku) -> str:
        return str(sku.product_id)

    def dehydrate_version(self, sku: Sku) -> str:
        return sku.product.version

    def dehydrate_product_name(self, sku: Sku) -> str:
        return sku.product.name

    def dehydrate_category_id(self, sku: Sku) -> str:
        return self._paths.get(sku.product.category_id or 0, "")

    def dehydrate_status(self, sku: Sku) -> str:
        return sku.product.get_status_display()

    def dehydrate_original_price(self, sku: Sku) -> str:
        price = sku.product.original_price
        return "" if price is None else str(price)

    def dehydrate_description(self, sku: Any) -> str:
        return str(sku.product.description) if sku.tells_description else ""

    def dehydrate_sku_id(self, sku: Sku) -> str:
        return str(sku.pk)

    def dehydrate_specs(self, sku: Sku) -> str:
        return specs_written(sku)

    def dehydrate_price(self, sku: Sku) -> str:
        return str(sku.price)

    def dehydrate_code(self, sku: Sku) -> str:
        return sku.code

    def dehydrate_stock(self, sku: Sku) -> str:
        return ""

    # --- Import ----------------------------------------------------------------------

    def units(self, rows: Iterable[Row]) -> Iterator[Unit]:
        """Put the rows of a product together; its own columns may stand in the first.

        A product that comes again later is a fault: its rows might disagree.
        """
        rows = duplicates_noted(rows, "SKU编号")
        rows = duplicates_noted(rows, "编码", key=lambda t: "" if t == CLEAR else t)
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
                row.faults["商品编号"] = (
                    f"和第{seen[number]}行是同一商品,请把它们放在一起"
                )
        if unit:
            yield unit

    def lock(self, units: Sequence[Unit]) -> None:
        """Lock categories, products, SKUs, in this order."""
        meanings = self.fields["category_id"].widget.meanings
        paths = {row.cells.get("分类", "") for unit in units for row in unit}
        for pk in sorted(meanings[path] for path in paths if path in meanings):
            category_hold(pk)
        ids = _product_ids(units)
        products_lock(ids)
        skus_lock(product_ids=ids)

    def check(self, units: Sequence[Unit]) -> list[Checked]:
        """Compare each product with what is there."""
        products = _products(_product_ids(units))
        codes = _codes_taken(units)
        return [self._checked(unit, products, codes) for unit in units]

    def write(self, arguments: Any, *, reference: str) -> None:
        """Create or update one product."""
        product_id, changes = arguments["product_id"], arguments["skus"]
        page = {"fields": arguments["fields"], "skus": changes}
        if product_id is None:
            product_create(**page, operator_id=self.user.pk)
        else:
            product_update(
                product_id=product_id,
                expected_version=arguments["version"],
                operator_id=self.user.pk,
                **page,
            )

    def _checked(
        self,
        unit: Unit,
        products: Mapping[int, Any],
        codes: Mapping[str, int],
    ) -> Checked:
        findings = [finding_of(row) for row in unit]
        first = findings[0]
        product_id = self.read(first, self.fields["product_id"])
        product = products.get(product_id or 0)
        if product is None and (product_id or "商品编号" in first.row.faults):
            first.refuse("商品编号", "商品不存在或已删除")
            return Checked(findings)
        if product and first.row.cells.get("版本") != product.version:
            first.refuse("版本", _version_refusal(first.row.cells.get("版本")))
        _require_agreement(findings)
        fields = self._fields(first, product)
        skus = self._skus(findings, product, codes)
        checked = Checked(findings)
        if checked.is_clean:
            checked.arguments = {
                "product_id": product_id,
                "version": product.version if product else None,
                "fields": fields,
                "skus": skus,
            }
            _require_set(first, product, skus)
        return checked

    def _fields(self, finding: Finding, product: Product | None) -> dict[str, Any]:
        """Return the product's own fields that the sheet changes."""
        first = product.offered[0] if product else None  # type: ignore[attr-defined]
        if first is not None:
            first.tells_description = True
        finding.name = product.name if product else finding.row.cells.get("名称", "")
        if product is None:
            finding.verdict = max(finding.verdict, Verdict.NEW, key=_GRAVITY.index)
            if not finding.name:
                finding.refuse("名称", "新商品的名称不能为空")
        names = {"name": "product_name"}
        fields = {}
        for name in _OF_PRODUCT:
            column = self.fields[names.get(name, name)]
            given, value = self._given(finding, name, column, first, product)
            if given:
                fields[name] = value
        if product is None:
            fields.setdefault("status", ProductStatus.OFF_SALE)
        return fields

    def _skus(
        self,
        findings: Sequence[Finding],
        product: Product | None,
        codes: Mapping[str, int],
    ) -> list[SkuChange] | None:
        """Return the product's whole set with the sheet's changes; None for none."""
        offered = {sku.pk: sku for sku in product.offered} if product else {}  # type: ignore[attr-defined]
        kept = {pk: SkuChange(id=pk) for pk in offered}
        added = []
        for finding in findings:
            sku_id = self.read(finding, self.fields["sku_id"])
            sku = offered.get(sku_id or 0)
            if sku is None and sku_id:
                finding.refuse("SKU编号", "SKU不属于该商品,或已停用")
                continue
            change = self._sku(finding, sku, product, codes)
            if sku is None:
                added.append(change)
            else:
                kept[sku.pk] = change
        return [*kept.values(), *added] if _touches_skus(findings) else None

    def _sku(
        self,
        finding: Finding,
        sku: Sku | None,
        product: Product | None,
        codes: Mapping[str, int],
    ) -> SkuChange:
        """Return what a row makes of its SKU."""
        specs = finding.row.cells.get("规格", "")
        finding.name = finding.name or (product.name if product else "")
        finding.name = f"{finding.name} {specs}".strip()
        values = {}
        for name in _OF_SKU:
            given, value = self._given(finding, name, self.fields[name], sku, sku)
            if given:
                values[name] = value
        if codes.get(values.get("code") or "", sku.pk if sku else 0) != (
            sku.pk if sku else 0
        ):
            finding.refuse("编码", "编码已被其他SKU使用")
        if sku is not None:
            if finding.row.cells.get("初始库存"):
                finding.refuse("初始库存", "只用于新SKU;已有SKU的库存请用盘点表")
            return SkuChange(id=sku.pk, **values)
        return self._new_sku(finding, product, values)

    def _new_sku(
        self, finding: Finding, product: Product | None, values: dict[str, Any]
    ) -> SkuChange:
        finding.verdict = max(finding.verdict, Verdict.NEW, key=_GRAVITY.index)
        if "价格" not in finding.row.faults and not finding.row.cells.get("价格"):
            finding.refuse("价格", "新SKU的价格不能为空")
        stock = self.read(finding, self.fields["stock"]) or 0
        if stock:
            if product and not self.user.has_perm("catalog.adjust_stock"):
                finding.refuse("初始库存", "没有调整库存的权限,请填0")
            finding.change("初始库存", "", stock)
        return SkuChange(**{"specs": {}, "code": "", **values, "stock": stock})

    def _given(
        self, finding: Finding, name: str, column: Column, sku: Any, owner: Any
    ) -> tuple[bool, Any]:
        """Say whether a cell changes what `owner` has, and into what."""
        text = finding.row.cells.get(column.name, "")
        old = text_plain(self.export_field(column, sku)) if owner else ""
        if not text or text == old:
            return False, None
        if text == CLEAR and name in _CLEARED:
            text, value = "", _CLEARED[name]
        else:
            value = self.read(finding, column)
            if finding.is_refused(column.name):
                return False, None
        if owner and value == getattr(owner, name):
            return False, None
        finding.change(column.name, old, text)
        return True, value


# A row is as bad as the worst that is known of it.
_GRAVITY = [Verdict.UNCHANGED, Verdict.CHANGED, Verdict.NEW, Verdict.BAD]


def _products(ids: Iterable[int]) -> dict[int, Any]:
    """Return products that are not deleted, each with its SKUs as `offered`."""
    skus = Sku.objects.active().order_by("position", "pk")
    rows = Product.objects.present().filter(pk__in=set(ids))
    return {
        product.pk: product
        for product in rows.prefetch_related(
            Prefetch("skus", queryset=skus, to_attr="offered")
        )
        if product.offered  # type: ignore[attr-defined]
    }


def _product_ids(units: Sequence[Unit]) -> set[int]:
    numbers = {unit[0].cells.get("商品编号", "") for unit in units}
    return numbers_of(numbers)


def _codes_taken(units: Sequence[Unit]) -> dict[str, int]:
    """Return the codes of the rows that some SKU has now."""
    codes = {row.cells.get("编码", "") for unit in units for row in unit} - {""}
    rows = Sku.objects.active().filter(code__in=codes)
    return dict(rows.values_list("code", "pk"))


def _continues(first: Row, row: Row) -> bool:
    """Say whether a row belongs to the product of the first."""
    number, name = row.cells.get("商品编号", ""), row.cells.get("名称", "")
    if number or not name:
        return number in ("", first.cells.get("商品编号", ""))
    return not first.cells.get("商品编号") and name == first.cells.get("名称")


def _version_refusal(version: str | None) -> str:
    if not version:
        return "不能为空:请在导出的表格里修改,不要删除版本"
    return ProductChanged.message.replace("打开页面", "导出").partition(",")[0] + (
        ",请重新导出后再改"
    )


def _require_agreement(findings: Sequence[Finding]) -> None:
    """Refuse a product of which two rows say different things."""
    first, *others = findings
    for name in ("版本", "名称", "分类", "状态", "原价", "描述"):
        told = first.row.cells.get(name, "")
        for finding in others:
            if finding.row.cells.get(name, "") not in ("", told):
                message = f"和同一商品的第{first.row.number}行不一致"
                finding.refuse(name, message)


def _touches_skus(findings: Sequence[Finding]) -> bool:
    names = {"规格", "价格", "编码"}
    return any(
        finding.verdict == Verdict.NEW
        or any(change.column in names for change in finding.changes)
        for finding in findings
    )


def _require_set(
    finding: Finding, product: Any, skus: Sequence[SkuChange] | None
) -> None:
    """Refuse what the service would refuse of the whole set."""
    if skus is None:
        return
    if len(skus) > SKUS_MAX:
        finding.refuse("规格", f"最多{SKUS_MAX}个SKU")
        return
    current = {sku.pk: sku for sku in product.offered} if product else {}
    try:
        skus_planned(product=product or Product(), current=current, changes=skus)
    except Invalid as error:
        finding.refuse("规格", error.message)
