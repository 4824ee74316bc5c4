"""Products as they are shown: with stock, pictures and the category's name."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import router
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import Product, ProductImage, Sku
from catalog.rating import rating_average
from shop.api.images import image_url, image_urls
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
    return products.annotate(
        stock=stock_of("pk"),
        image_files=ArraySubquery(images.order_by("position", "pk").values("file")),
        category_name=F("category__name"),
    )


def stock_of(product: str) -> Coalesce:
    """Sum up the active SKUs of the product that a column of the row names."""
    skus = Sku.objects.active().filter(product=OuterRef(product))
    totals = skus.values("product").annotate(total=Sum("stock")).values("total")
    return Coalesce(Subquery(totals), 0)


def picture_of(product: str) -> Coalesce:
    """Return the storage name of the first picture of the product, or nothing."""
    images = ProductImage.objects.filter(product=OuterRef(product))
    files = images.order_by("position", "pk").values("file")
    return Coalesce(Subquery(files[:1]), Value(""))


def _local(moment: str) -> str:
    """Return what writes a column of times as `LocalTimeField` does."""
    # A zone without summer time has one offset, whatever the date.
    offset = timezone.localtime(timezone.now()).isoformat()[-6:]
    form = f'YYYY-MM-DD"T"HH24:MI:SS"{offset}"'
    return f"to_char(timezone('{settings.TIME_ZONE}', {moment}), '{form}')"


# One column, because reading many takes longer than taking one apart. As the API writes
# it, but for what `_product` and `product_shown` do with it; money as text.
_FIELDS = f"""
    'id', product.id, 'name', product.name, 'description', product.description,
    'price', product.price::text, 'originalPrice', product.original_price::text,
    'images', ARRAY(
        SELECT file FROM catalog_productimage
        WHERE product_id = product.id ORDER BY position, id
    ),
    'category', product.category_id, 'categoryName', category.name,
    'stock', {{stock}}, 'sales', product.sales, 'status', product.status,
    'createdAt', {_local("product.created_at")},
    'updatedAt', {_local("product.updated_at")}
"""  # noqa: S608 - nothing but constants
_STOCK = """(
    SELECT coalesce(sum(stock), 0)
    FROM catalog_sku WHERE product_id = product.id AND is_active
)"""
_FROM = """
FROM catalog_product AS product
LEFT JOIN catalog_category AS category ON category.id = product.category_id
"""
# The sale of a SKU that runs, or that comes until a moment.
_SALE = f"""(
    SELECT json_build_object(
        'id', sale.id, 'kind', sale.kind, 'price', line.price::text,
        'stock', least(line.stock - line.sold, sku.stock), 'limit', line.user_limit,
        'minQuantity', line.min_quantity,
        'startsAt', {_local("line.starts_at")}, 'endsAt', {_local("line.ends_at")}
    )
    FROM catalog_flashsalesku AS line
    JOIN catalog_flashsale AS sale ON sale.id = line.sale_id
    WHERE line.sku_id = sku.id AND line.price < sku.price
        AND line.ends_at > to_timestamp(%s) AND line.starts_at < to_timestamp(%s)
    ORDER BY line.ends_at LIMIT 1
)"""  # noqa: S608 - nothing but constants
_LISTED = f"""
SELECT json_build_object({_FIELDS.format(stock=_STOCK)})::text {_FROM}
WHERE product.id = ANY(%s) AND product.status = 'on_sale'
"""
# Its stock is the sum of the SKUs that stand there anyway.
_SHOWN = f"""
SELECT json_build_object({_FIELDS.format(stock="NULL")},
    'rating', json_build_array(product.rating_count, product.rating_sum),
    'skus', (
        SELECT json_agg(
            json_build_object(
                'id', id, 'specs', specs, 'price', price::text, 'stock', stock,
                'code', code, 'image', image, 'weightGrams', weight_grams,
                'sale', {_SALE}
            )
            ORDER BY position, id
        )
        FROM catalog_sku AS sku WHERE product_id = product.id AND is_active
    ),
    'specs', product.spec_names,
    'freightTemplate', product.freight_template_id
)::text
{_FROM} WHERE product.id = %s AND (product.status = 'on_sale' OR %s)
"""  # noqa: S608 - nothing but constants


def products_listed(product_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Read products in the order of their ids, in one statement; without SKUs.

    Each as `ProductSerializer` describes it. One that has been taken off sale since its
    id was found is left out.
    """
    using = router.db_for_read(Product)
    rows = rows_fetch(_LISTED, [list(product_ids)], using=using)
    by_id = {shown["id"]: shown for shown in (_product(text) for (text,) in rows)}
    return [by_id[pk] for pk in product_ids if pk in by_id]


def product_shown(product_id: int, *, is_public: bool = True) -> dict[str, Any]:
    """Read one product with its SKUs, in one statement; for the public if on sale.

    As `ProductDetailSerializer` describes it.
    Raises: NotFound.
    """
    using = router.db_for_read(Product)
    now = timezone.now().timestamp()
    values = [now, now + SALE_AHEAD.total_seconds(), product_id, not is_public]
    rows = rows_fetch(_SHOWN, values, using=using)
    if not rows:
        raise NotFound(NOT_FOUND)
    shown = _product(rows[0][0])
    count, stars = shown["rating"]
    shown["rating"] = {"count": count, "average": rating_average(count, stars)}
    skus = shown["skus"] = shown["skus"] or []
    shown["stock"] = sum(sku["stock"] for sku in skus)
    names = _spec_names(shown["specs"], skus)
    shown["specs"] = [
        {"name": name, "values": _spec_values(skus, name)} for name in names
    ]
    for sku in skus:
        _sku_finish(sku, names)
    return shown


def _product(text: str) -> dict[str, Any]:
    """Write what PostgreSQL can't: where pictures are."""
    shown: dict[str, Any] = orjson.loads(text)
    shown["images"] = image_urls(shown["images"])
    return shown


def _sku_finish(sku: dict[str, Any], spec_names: Sequence[str]) -> None:
    specs = sku["specs"]
    sku["specs"] = {name: specs[name] for name in spec_names if name in specs}
    sku["image"] = image_url(sku["image"])


def _spec_names(chosen: Sequence[str], skus: Sequence[dict[str, Any]]) -> list[str]:
    """Return the order that staff chose, then any name that it lacks."""
    names = {name: None for sku in skus for name in sku["specs"]}
    return [name for name in {**dict.fromkeys(chosen), **names} if name in names]


def _spec_values(skus: Sequence[dict[str, Any]], name: str) -> list[str]:
    """Return what there is to choose from, in the order of the SKUs."""
    return list({sku["specs"][name]: None for sku in skus if name in sku["specs"]})
