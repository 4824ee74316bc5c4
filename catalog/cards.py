"""Products as a shopper's own lists show them, those that are off sale too."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from catalog.models import ProductImage, Sku


def with_cards(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Bring the product of each row along, in the same statement.

    Each row carries `picture`, the storage name of the product's first image, and
    `stock`, the sum of its active SKUs.
    """
    images = ProductImage.objects.filter(product=OuterRef("product"))
    skus = Sku.objects.active().filter(product=OuterRef("product"))
    stock = skus.values("product").annotate(total=Sum("stock")).values("total")
    shown: QuerySet[Any] = rows.select_related("product").annotate(
        picture=Coalesce(
            Subquery(images.order_by("position", "pk").values("file")[:1]), Value("")
        ),
        stock=Coalesce(Subquery(stock), 0),
    )
    return shown
