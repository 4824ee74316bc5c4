"""SKUs as an order needs them: with their product and the picture to remember."""

from collections.abc import Iterable

from django.db.models import Case, F, Q, QuerySet, When

from catalog.models import Sku
from catalog.showcase import picture_of


def skus_wanted(*, sku_ids: Iterable[int], product_ids: Iterable[int]) -> QuerySet[Sku]:
    """Select SKUs by id, and the active ones of products."""
    wanted = Q(pk__in=set(sku_ids))
    if products := set(product_ids):
        wanted |= Q(product_id__in=products, is_active=True)
    return Sku.objects.filter(wanted)


def skus_offered(
    *, sku_ids: Iterable[int] = (), product_ids: Iterable[int] = ()
) -> dict[int, Sku]:
    """Read SKUs by id, and the active ones of products, without a lock.

    Each row carries its product and `picture`, a storage name: its own image, else
    the product's first.
    """
    picture = Case(When(image="", then=picture_of("product")), default=F("image"))
    rows = skus_wanted(sku_ids=sku_ids, product_ids=product_ids)
    rows = rows.select_related("product").annotate(picture=picture)
    return {row.pk: row for row in rows.order_by("pk")}
