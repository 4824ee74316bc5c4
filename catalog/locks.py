"""Every lock of the catalogue, those of rows taken in primary-key order.

What staff put on the home page before categories, categories before freight templates,
these before products, products before SKUs, each by ascending id: whoever keeps to that
can't deadlock. A flash sale comes before its SKUs, whose locks are those of its lines
too: shoppers lock no row of a sale.
"""

from collections.abc import Iterable
from typing import TypeVar

from django.db import connection
from django.db.models import Model

from catalog.models import FlashSale, Product, Sku
from catalog.offers import skus_offered, skus_wanted
from shop.errors import Busy

Content = TypeVar("Content", bound=Model)


def content_lock(model: type[Content], pk: int) -> Content | None:
    """Lock a banner, a section or a search word until the transaction ends."""
    rows = model._default_manager.select_for_update(of=("self",), no_key=True)
    return rows.filter(pk=pk).first()


def popular_words_lock() -> None:
    """Lock the table of popular words against another count; readers go on."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE catalog_popularword IN SHARE ROW EXCLUSIVE MODE")


def categories_lock() -> None:
    """Lock the category tree against other writers until the transaction ends.

    The table, not its rows: a move depends on rows that others may be adding. Readers
    go on, and so do products that refer to a category.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE catalog_category IN SHARE ROW EXCLUSIVE MODE")


def category_hold(category_id: int) -> bool:
    """Keep a category from being deleted until the transaction ends; is it there?

    The lock that a row referring to it takes too, but that one only at the commit.
    """
    query = "SELECT FROM catalog_category WHERE id = %s FOR KEY SHARE"
    return _is_held(query, category_id)


def freight_templates_lock() -> None:
    """Lock the freight templates against other writers until the transaction ends.

    The table: which is the default depends on all rows. Readers go on, and so do
    products that refer to a template.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE catalog_freighttemplate IN SHARE ROW EXCLUSIVE MODE")


def freight_template_hold(template_id: int) -> bool:
    """Keep a template from being deleted until the transaction ends; is it there?"""
    query = "SELECT FROM catalog_freighttemplate WHERE id = %s FOR KEY SHARE"
    return _is_held(query, template_id)


def _is_held(query: str, row_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [row_id])
        return bool(cursor.rowcount)


def product_lock(product_id: int) -> Product | None:
    """Lock a product's row until the transaction ends; None when there is none."""
    rows = Product.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(pk=product_id).first()


def products_lock(product_ids: Iterable[int]) -> dict[int, Product]:
    """Lock products in primary-key order until the transaction ends."""
    rows = Product.objects.select_for_update(of=("self",), no_key=True)
    return {row.pk: row for row in rows.filter(pk__in=set(product_ids)).order_by("pk")}


def flash_sale_lock(sale_id: int) -> FlashSale | None:
    """Lock a sale against other staff until the transaction ends."""
    rows = FlashSale.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(pk=sale_id).first()


def skus_lock(
    *, sku_ids: Iterable[int] = (), product_ids: Iterable[int] = ()
) -> dict[int, Sku]:
    """Lock SKUs, and the active ones of products, in primary-key order.

    The key of a SKU never changes, so the lock lets other transactions go on referring
    to the row.
    """
    rows = skus_wanted(sku_ids=sku_ids, product_ids=product_ids).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True)}


def offers_lock(
    *, sku_ids: Iterable[int] = (), product_ids: Iterable[int] = ()
) -> dict[int, Sku]:
    """Lock SKUs as `skus_lock` does, then read them as `skus_offered` does.

    In two statements: one that has waited for a lock sees the locked row as it is now,
    but what it joins as it was before, such as a product that an editor has just taken
    off sale.

    Raises: Busy, when the products have other SKUs now than those that were locked.
    """
    sku_ids, product_ids = set(sku_ids), set(product_ids)
    locked = skus_lock(sku_ids=sku_ids, product_ids=product_ids)
    offered = skus_offered(sku_ids=sku_ids, product_ids=product_ids)
    if not offered.keys() <= locked.keys():
        raise Busy
    return offered
