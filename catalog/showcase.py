"""Products as they are shown: with stock, pictures and the category's name."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from catalog.models import Product, ProductImage, Sku
from shop.errors import NotFound

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


def product_shown(products: QuerySet[Product], product_id: int) -> Product:
    """Read one product with its active SKUs, in their order, as `active_skus`.

    Raises: NotFound.
    """
    product = showcase(products).filter(pk=product_id).first()
    if product is None:
        raise NotFound(NOT_FOUND)
    skus = Sku.objects.active().filter(product=product).order_by("position", "pk")
    product.active_skus = list(skus)  # type: ignore[attr-defined]
    return product
