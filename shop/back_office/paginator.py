"""Pages of a list of which nobody counts a million rows."""

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property


class CappedCount(int):
    """A count that went no further; people read 10000+."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Count up to `count_max`; what lies behind is for filters and the search to find.

    The last page of a long list can't be asked for: it would be read from the start.
    """

    count_max = 10_000

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, or that there are more than are counted."""
        rows: Any = self.object_list
        found: int = rows.order_by().values("pk")[: self.count_max + 1].count()
        return CappedCount(self.count_max) if found > self.count_max else found
