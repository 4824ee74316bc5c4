"""Products as a shopper's own lists show them, those that are off sale too."""

from typing import Any

from django.db.models import QuerySet

from catalog.showcase import picture_of, stock_of


def with_cards(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Bring the product of each row along, in the same statement.

    Each row carries `picture`, the storage name of the product's first image, and
    `stock`, the sum of its active SKUs.
    """
    shown: QuerySet[Any] = rows.select_related("product").annotate(
        picture=picture_of("product"), stock=stock_of("product")
    )
    return shown
