"""What no sheet of products may do, whose cells are all well written."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from catalog.models import Category, Product, Sku
from catalog.services.products import product_create
from catalog.services.skus import SkuChange
from shop.tests.clerks import clerk_of
from shop.tests.sheets import problems, uploaded, workbook

Make = Callable[..., Product]


def test_the_code_of_another_sku_is_refused(product_make: Make, staff: Any) -> None:
    product_make()
    Sku.objects.update(code="T-1")
    content = workbook(["名称", "价格", "编码"], ["杯", 1, "T-1"], ["壶", 1, "T-2"])
    task = uploaded("products", content, staff)
    assert task.state == "refused"
    assert problems(task) == [(2, "编码", "编码已被其他SKU使用")]


def test_a_category_is_named_by_a_path_that_one_alone_has(staff: Any) -> None:
    for name in ("茶", "茶", "杯"):
        Category.objects.create(name=name)
    content = workbook(["名称", "价格", "分类"], ["龙井", 1, "茶"], ["盖碗", 1, "杯"])
    task = uploaded("products", content, staff)
    assert task.state == "refused"
    assert problems(task) == [(2, "分类", "分类不存在或有重名")]


def test_who_may_not_adjust_a_stock_adds_none_to_a_product(db: None) -> None:
    """A new product brings its own, as on its page."""
    shirt = product_create(
        fields={"name": "衬衫"},
        skus=[SkuChange(specs={"颜色": "红"}, price=Decimal(9), stock=1)],
        operator_id=None,
    )
    content = workbook(
        ["商品编号", "版本", "名称", "规格", "价格", "初始库存"],
        [shirt.pk, shirt.version, None, "颜色:蓝", 9, 4],
        [None, None, "茶", None, 9, 5],
    )
    clerk = clerk_of("clerk", "catalog.import_product")
    task = uploaded("products", content, clerk)
    assert task.state == "refused"
    assert problems(task) == [(2, "初始库存", "没有调整库存的权限,请填0")]
    keeper = clerk_of("keeper", "catalog.import_product", "catalog.adjust_stock")
    assert uploaded("products", content, keeper).state == "checked"
