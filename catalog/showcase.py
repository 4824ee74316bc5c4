"""Products as they are shown: with stock, pictures and the category's name."""

from collections.abc import Sequence
from datetime import datetime
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


class ShownProduct(NamedTuple):
    """A product as `showcase` reads it, with its active SKUs in their order."""

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
    created_at: datetime
    updated_at: datetime
    spec_names: list[str]
    skus: list[ShownSku]

    @property
    def stock(self) -> int:
        """Return how many pieces there are of all its SKUs."""
        return sum(sku.stock for sku in self.skus)


# One statement, however many pictures and SKUs; money as it is written.
_SHOWN = """
SELECT product.id, product.name, product.description, product.price::text,
    product.original_price::text,
    ARRAY(
        SELECT file FROM catalog_productimage
        WHERE product_id = product.id ORDER BY position, id
    ),
    product.category_id, category.name, product.sales, product.status,
    product.created_at, product.updated_at, product.spec_names,
    (
        SELECT json_agg(
            json_build_array(id, specs, price::text, stock, code, image)
            ORDER BY position, id
        )::text
        FROM catalog_sku WHERE product_id = product.id AND is_active
    )
FROM catalog_product AS product
LEFT JOIN catalog_category AS category ON category.id = product.category_id
WHERE product.id = %s AND product.status = ANY(%s)
"""


def product_shown(product_id: int, *, statuses: Sequence[str]) -> ShownProduct:
    """Read one product that has one of the statuses.

    Raises: NotFound.
    """
    using = router.db_for_read(Product)
    rows = rows_fetch(_SHOWN, [product_id, list(statuses)], using=using)
    if not rows:
        raise NotFound(NOT_FOUND)
    *columns, written = rows[0]
    skus = [ShownSku(*sku) for sku in orjson.loads(written or "[]")]
    return ShownProduct._make([*columns, skus])
