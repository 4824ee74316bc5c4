"""A page of the product list: how many products there are, and which stand on it.

By what was asked for:
- all products, or those of a category: the total is kept (`ProductCount`), the page is
  a walk over an index;
- a keyword: what the keyword index finds is collected, counted and sorted;
- prices, or what is in stock: few are collected likewise; many are counted, which is
  kept for some seconds, and the page is a walk.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from django.db import router

from catalog.listing_sql import (
    COLLECTED_MAX,
    NEAR_MAX,
    ORDERING_DEFAULT,
    collect_sql,
    count_sql,
    page_sql,
)
from catalog.marks import Mark, mark_find, mark_leave, total_kept
from catalog.models import Product
from shop.api.pagination import SIZE_MAX
from shop.statements import rows_fetch

# A walk over so many rows before the page costs little beside reading the page.
SKIPPED_MAX = NEAR_MAX - SIZE_MAX
_BIGINT_MAX = 2**63 - 1

# The ids are those of the category and of all below it. The count of the changes and
# the last of them tell apart what the lists were: one that another overtook adds to
# the count, and adding up leaves a later one.
_SHELF = """
SELECT coalesce(sum(delta), 0)::bigint, count(*), max(id), NULL::bigint[]
FROM catalog_productcount
"""
_SHELF_OF_CATEGORY = """
WITH RECURSIVE below AS (
    SELECT id FROM catalog_category WHERE id = %(category)s
    UNION
    SELECT child.id FROM catalog_category AS child
    JOIN below ON below.id = child.parent_id
)
SELECT coalesce(sum(change.delta), 0)::bigint, count(change.id), max(change.id),
    ARRAY(SELECT id FROM below ORDER BY id)
FROM catalog_productcount AS change JOIN below ON below.id = change.category_id
"""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The products on sale, all or those of a category and below."""

    total: int
    # Differs whenever another product stands, or one stands elsewhere, in a list that
    # is not sorted by sales.
    version: tuple[int, int | None]
    categories: list[int] | None


@dataclass(frozen=True)
class ProductListing:
    """What was asked for."""

    category: int | None = None
    keyword: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: Literal[True] | None = None
    ordering: str = ORDERING_DEFAULT

    def page(self, start: int, size: int) -> tuple[int, list[int]]:
        """Return how many products there are, and the ids from `start` on."""
        if self._filters in ((), ("category",)):
            total = self._shelf.total
        else:
            total, ids = self._collect(start, size)
            if self.keyword or total <= COLLECTED_MAX:
                return total, ids
            total = total_kept(self._kept_key, self._count)
        return total, self._walk(start, size) if start < total else []

    @cached_property
    def _filters(self) -> tuple[str, ...]:
        names = ("category", "keyword", "min_price", "max_price", "in_stock")
        return tuple(name for name in names if getattr(self, name) is not None)

    @cached_property
    def _shelf(self) -> Shelf:
        sql = _SHELF if self.category is None else _SHELF_OF_CATEGORY
        [(total, *version, categories)] = _fetch(sql, {"category": self.category})
        return Shelf(total, (version[0], version[1]), categories)

    @cached_property
    def _values(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self._filters}
        if "category" in self._filters:
            values["categories"] = self._shelf.categories
        return values

    @property
    def _kept_key(self) -> str:
        """Name the list as it is now: staff's writes give it another name."""
        return f"{self._values} {self._shelf.version}"

    def _collect(self, start: int, size: int) -> tuple[int, list[int]]:
        values = self._values | {"start": min(start, _BIGINT_MAX), "size": size}
        [(total, ids)] = _fetch(collect_sql(self._filters, self.ordering), values)
        return total, ids

    def _count(self) -> int:
        [(total,)] = _fetch(count_sql(self._filters), self._values)
        return int(total)

    def _walk(self, start: int, size: int) -> list[int]:
        """Begin at a mark before the page, if there is one; leave one on a long way."""
        key = f"{self._kept_key} {self.ordering}"
        mark = mark_find(key, start) if start > SKIPPED_MAX else None
        skipped = start - mark.position if mark else start
        values = self._values | {"skipped": skipped, "size": size}
        if mark:
            values |= {"place": mark.place, "id": mark.id}
        is_near = skipped <= SKIPPED_MAX
        sql = page_sql(
            self._filters, self.ordering, has_mark=bool(mark), is_near=is_near
        )
        rows = _fetch(sql, values)
        if rows and not is_near:
            is_still = self.ordering != "-sales" and not self.in_stock
            mark_leave(key, Mark(start, *rows[0]), is_still=is_still)
        return [pk for _, pk in rows]


def _fetch(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Read where the request may read."""
    return rows_fetch(sql, values, using=router.db_for_read(Product))
