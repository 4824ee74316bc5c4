"""Pages of products."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func

from catalog.models import Product
from catalog.showcase import showcase
from shop.api.pagination import PagePagination


class _AnyOf(Func):
    """`column = ANY (ARRAY(…))`: the array is made before the rows are sought.

    With IN the planner may choose a join instead, and sort every product for it.
    """

    arg_joiner = " = ANY ("
    template = "(%(expressions)s))"
    output_field = BooleanField()


class ProductPagination(PagePagination):
    """Walk over ids in an index alone; read the rows of the page after."""

    def rows(self, queryset: Any, start: int, end: int) -> list[Any]:
        """Read the rows in one statement, in the queryset's order."""
        ids = ArraySubquery(queryset.values("pk")[start:end])
        page = showcase(Product.objects.filter(_AnyOf(F("pk"), ids)))
        return list(page.order_by(*queryset.query.order_by))
