"""The sheet of products: its columns, what goes out, what comes in."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from catalog.locks import category_hold, products_lock, skus_lock
from catalog.models import ProductStatus, Sku
from catalog.serializers.input import (
    ProductCreateSerializer,
    SkuInputSerializer,
    StockField,
)
from catalog.services.products import product_create, product_update
from catalog.sheets.columns import (
    Choice,
    Numbers,
    Specs,
    category_paths,
    specs_written,
)
from catalog.sheets.products.plan import CLEAR, ProductPlan
from catalog.sheets.products.units import (
    codes_taken,
    product_ids,
    products_offered,
    units_of_products,
)
from shop.api.serializers import ShopSerializer
from shop.sheets.kinds import (
    Checked,
    Column,
    Row,
    Ruled,
    SheetKind,
    Unit,
    duplicates_noted,
    rule,
)

_STATUSES = {
    str(status.label): status.value
    for status in (ProductStatus.ON_SALE, ProductStatus.OFF_SALE)
}
_EMPTY_STAYS = f"空白表示不改;要清除请写“{CLEAR}”"


class _Levels(ShopSerializer):
    alarm = StockField(label="报警库存")


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
        attribute="product_id",
        is_number=True,
        hint="导出时自带,不要改;新商品留空",
    )
    version = Column(
        "版本", attribute="product__version", hint="导出时自带,不要改;新商品留空"
    )
    product_name = Column(
        "名称",
        Ruled(rule(ProductCreateSerializer, "name")),
        attribute="product__name",
        hint="新商品必填;同一商品的第二行起可以留空",
        example="龙井茶",
    )
    category_id = Column(
        "分类", hint=f"从上到下用“/”隔开;{_EMPTY_STAYS}", example="食品/茶叶"
    )
    status = Column(
        "状态",
        Choice(_STATUSES, "状态只能是在售或下架"),
        attribute="product__get_status_display",
        hint="在售或下架;新商品留空时为下架",
        example="下架",
    )
    original_price = Column(
        "原价",
        Ruled(rule(ProductCreateSerializer, "originalPrice")),
        attribute="product__original_price",
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
        attribute="pk",
        is_number=True,
        hint="导出时自带,不要改;新SKU留空",
    )
    specs = Column("规格", Specs(), hint="只有一种规格时留空", example="颜色:红 尺码:M")
    price = Column(
        "价格",
        Ruled(rule(SkuInputSerializer, "price")),
        attribute="price",
        is_number=True,
        hint="新SKU必填",
        example="99.00",
    )
    alarm_stock = Column(
        "报警库存",
        Ruled(rule(_Levels, "alarm")),
        attribute="alarm_stock",
        is_number=True,
        hint="库存不高于它时提醒补货;空白表示不改,新SKU留空时为0",
        example="5",
    )
    code = Column(
        "编码",
        Ruled(rule(SkuInputSerializer, "code")),
        attribute="code",
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
        paths = list(self._paths.values())
        # A path that two categories have means neither.
        meanings = {
            path: pk for pk, path in self._paths.items() if paths.count(path) == 1
        }
        self.fields["category_id"].widget = Choice(meanings, "分类不存在或有重名")

    @cached_property
    def _paths(self) -> dict[int, str]:
        return category_paths()

    # --- Export ----------------------------------------------------------------------

    def instances(self, ids: Sequence[int]) -> Iterable[Sku]:
        """Return the SKUs of products that are not deleted."""
        products = products_offered(ids)
        return [sku for pk in ids if pk in products for sku in products[pk].offered]

    def dehydrate_category_id(self, sku: Sku) -> str:
        return self._paths.get(sku.product.category_id or 0, "")

    def dehydrate_description(self, sku: Any) -> str:
        # Long, and the first row tells it.
        is_first = sku is sku.product.offered[0]
        return str(sku.product.description) if is_first else ""

    def dehydrate_specs(self, sku: Sku) -> str:
        return specs_written(sku)

    # --- Import ----------------------------------------------------------------------

    def units(self, rows: Iterable[Row]) -> Iterator[Unit]:
        """Put the rows of a product together; note SKUs and codes that come twice."""
        rows = duplicates_noted(rows, "SKU编号")
        rows = duplicates_noted(rows, "编码", key=lambda t: "" if t == CLEAR else t)
        return units_of_products(rows)

    def lock(self, units: Sequence[Unit]) -> None:
        """Lock categories, products, SKUs, in this order."""
        meanings = self.fields["category_id"].widget.meanings
        paths = {row.cells.get("分类", "") for unit in units for row in unit}
        for pk in sorted(meanings[path] for path in paths if path in meanings):
            category_hold(pk)
        ids = product_ids(units)
        products_lock(ids)
        skus_lock(product_ids=ids)

    def check(self, units: Sequence[Unit]) -> list[Checked]:
        """Compare each product with what is there."""
        products, codes = products_offered(product_ids(units)), codes_taken(units)
        return [ProductPlan(self, unit, products, codes).checked() for unit in units]

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
