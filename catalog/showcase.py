"""Products as they are shown: with stock, pictures and the category's name."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from django.contrib.postgres.expressions import ArraySubquery
from django.db import router
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from catalog.models import Product, ProductImage, Sku
from shop.errors import NotFound
from shop.statements import rows_fetch

NOT_FOUND = "商品不存在"


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


class ShownSku(NamedTuple):
    """A SKU that a shopper can choose."""

    id: int
    specs: dict[str, str]
    price: str
    stock: int
    code: str
    image: str
    weight_grams: int


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
    # Of one that is shown by itself: the active SKUs in their order.
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
_LISTED = f"""
SELECT json_build_array({_COLUMNS})::text {_FROM}
WHERE product.id = ANY(%s) AND product.status = 'on_sale'
"""
_SHOWN = f"""
SELECT json_build_array({_COLUMNS}, product.spec_names,
    (
        SELECT json_agg(
            json_build_array(id, specs, price::text, stock, code, image, weight_grams)
            ORDER BY position, id
        )
        FROM catalog_sku WHERE product_id = product.id AND is_active
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
    rows = rows_fetch(_SHOWN, [product_id, not is_public], using=using)
    if not rows:
        raise NotFound(NOT_FOUND)
    product = ShownProduct(*orjson.loads(rows[0][0]))
    return product._replace(skus=[ShownSku(*sku) for sku in product.skus or ()])
