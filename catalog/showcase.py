"""Products as they are shown: with stock, pictures and the category's name."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import orjson
from django.contrib.postgres.expressions import ArraySubquery
from django.db import router
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import Product, ProductImage, Sku
from shop.errors import NotFound
from shop.statements import rows_fetch

NOT_FOUND = "商品不存在"
# So long before it begins a product shows its sale.
SALE_AHEAD = timedelta(days=1)


def showcase(products: QuerySet[Product]) -> QuerySet[Product]:
    """Add what a product is shown with, in one statement for any number of rows.

    `stock` (the sum of its active SKUs), `image_files` (storage names, in order) and
    `category_name`.
    """
    images = ProductImage.objects.filter(product=OuterRef("pk"))
    stock = (
        Sku.objects.active()
        .filter(product=OuterRef("pk"))
        .values("product")
        .annotate(total=Sum("stock"))
        .values("total")
    )
    return products.annotate(
        stock=Coalesce(Subquery(stock), 0),
        image_files=ArraySubquery(images.order_by("position", "pk").values("file")),
        category_name=F("category__name"),
    )


class ShownSale(NamedTuple):
    """A SKU's price in a sale that runs or comes."""

    id: int
    kind: str
    price: str
    stock: int
    limit: int | None
    min_quantity: int
    # Seconds since 1970.
    starts_at: int
    ends_at: int


class ShownSku(NamedTuple):
    """A SKU that a shopper can choose."""

    id: int
    specs: dict[str, str]
    price: str
    stock: int
    code: str
    image: str
    weight_grams: int
    sale: ShownSale | None = None


class ShownProduct(NamedTuple):
    """A product as the public sees it: with its stock, its pictures' storage names."""

    id: int
    name: str
    description: str
    price: str
    original_price: str | None
    image_files: list[str]
    category_id: int | None
    category_name: str | None
    sales: int
    status: str
    # Seconds since 1970.
    created_at: int
    updated_at: int
    stock: int
    # Of one that is shown by itself: how many public reviews there are and the sum of
    # their stars, the active SKUs in their order.
    rating_count: int = 0
    rating_sum: int = 0
    spec_names: Sequence[str] = ()
    skus: Sequence[ShownSku] = ()
    freight_template_id: int | None = None


# One column, because reading many takes longer than taking one apart; money as it is
# written.
_COLUMNS = """
    product.id, product.name, product.description, product.price::text,
    product.original_price::text,
    ARRAY(
        SELECT file FROM catalog_productimage
        WHERE product_id = product.id ORDER BY position, id
    ),
    product.category_id, category.name, product.sales, product.status,
    floor(extract(epoch FROM product.created_at))::bigint,
    floor(extract(epoch FROM product.updated_at))::bigint,
    (
        SELECT coalesce(sum(stock), 0)
        FROM catalog_sku WHERE product_id = product.id AND is_active
    )
"""
_FROM = """
FROM catalog_product AS product
LEFT JOIN catalog_category AS category ON category.id = product.category_id
"""
# The sale of a SKU that runs, or that comes until a moment.
_SALE = """(
    SELECT json_build_array(
        sale.id, sale.kind, line.price::text,
        least(line.stock - line.sold, sku.stock), line.user_limit, line.min_quantity,
        floor(extract(epoch FROM line.starts_at))::bigint,
        floor(extract(epoch FROM line.ends_at))::bigint
    )
    FROM catalog_flashsalesku AS line
    JOIN catalog_flashsale AS sale ON sale.id = line.sale_id
    WHERE line.sku_id = sku.id AND line.ends_at > %s AND line.starts_at < %s
        AND line.price < sku.price
    ORDER BY line.ends_at LIMIT 1
)"""
_LISTED = f"""
SELECT json_build_array({_COLUMNS})::text {_FROM}
WHERE product.id = ANY(%s) AND product.status = 'on_sale'
"""
_SHOWN = f"""
SELECT json_build_array({_COLUMNS},
    product.rating_count, product.rating_sum, product.spec_names,
    (
        SELECT json_agg(
            json_build_array(
                id, specs, price::text, stock, code, image, weight_grams, {_SALE}
            )
            ORDER BY position, id
        )
        FROM catalog_sku AS sku WHERE product_id = product.id AND is_active
    ),
    product.freight_template_id
)::text
{_FROM} WHERE product.id = %s AND (product.status = 'on_sale' OR %s)
"""  # noqa: S608 - nothing but constants


def products_listed(product_ids: Sequence[int]) -> list[ShownProduct]:
    """Read products in the order of their ids, in one statement; without SKUs.

    One that has been taken off sale since its id was found is left out.
    """
    using = router.db_for_read(Product)
    rows = rows_fetch(_LISTED, [list(product_ids)], using=using)
    found = [ShownProduct(*orjson.loads(text)) for (text,) in rows]
    by_id = {product.id: product for product in found}
    return [by_id[pk] for pk in product_ids if pk in by_id]


def product_shown(product_id: int, *, is_public: bool = True) -> ShownProduct:
    """Read one product with its SKUs, in one statement; for the public if on sale.

    Raises: NotFound.
    """
    using = router.db_for_read(Product)
    now = timezone.now()
    values = [now, now + SALE_AHEAD, product_id, not is_public]
    rows = rows_fetch(_SHOWN, values, using=using)
    if not rows:
        raise NotFound(NOT_FOUND)
    product = ShownProduct(*orjson.loads(rows[0][0]))
    return product._replace(skus=[_sku(*sku) for sku in product.skus or ()])


def _sku(*values: Any) -> ShownSku:
    sku = ShownSku(*values)
    return sku._replace(sale=ShownSale(*sku.sale)) if sku.sale else sku
