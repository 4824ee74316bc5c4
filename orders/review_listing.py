"""A page of a product's reviews, as everybody sees them, and what all of them say.

Totals are kept (`ReviewTally`), and a page is a walk over an index; a deep one begins
at a mark that an earlier one left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import orjson
from django.db import router

from catalog.marks import Mark, mark_find, mark_leave
from catalog.rating import rating_average
from catalog.showcase import NOT_FOUND
from orders.models import Review
from orders.models.review import RATING_MAX
from shop.api.images import image_url
from shop.api.pagination import SIZE_MAX
from shop.api.serializers import local_time
from shop.errors import NotFound
from shop.statements import rows_fetch

NOBODY = "匿名用户"
# A near page ends no further behind where its walk begins. As a constant in the text it
# tells the planner, which then keeps one plan for any numbers.
NEAR_MAX = 200
SKIPPED_MAX = NEAR_MAX - SIZE_MAX
_BIGINT_MAX = 2**63 - 1

_TALLIES = """
SELECT (
    SELECT coalesce(
        json_agg(json_build_array(rating, has_images, count, changes)), '[]'
    )
    FROM orders_reviewtally WHERE product_id = product.id
)::text
FROM catalog_product AS product
WHERE product.id = %(product)s AND product.status = 'on_sale'
"""
_RATING = " AND rating = %(rating)s"
_IMAGES = " AND has_images"
_MARK = " AND (created_at, id) <= (%(place)s, %(id)s)"
# Mostly one column, because reading many takes longer than taking one apart.
_PAGE = """
SELECT json_build_array(
    review.id, review.rating, review.content, to_json(review.images),
    CASE WHEN review.is_anonymous THEN '' ELSE review.nickname END,
    CASE WHEN review.is_anonymous THEN '' ELSE writer.avatar END,
    item.specs, floor(extract(epoch FROM review.created_at))::bigint,
    review.answer, floor(extract(epoch FROM review.answered_at))::bigint,
    append.content, to_json(append.images),
    floor(extract(epoch FROM append.created_at))::bigint
)::text, review.id, review.created_at
FROM (
    SELECT id FROM (
        SELECT id, created_at FROM orders_review
        WHERE product_id = %(product)s AND state = 'public'{conditions}
        ORDER BY created_at DESC, id DESC LIMIT {limit}
    ) AS walk
    ORDER BY created_at DESC, id DESC OFFSET %(skipped)s LIMIT %(size)s
) AS page
JOIN orders_review AS review ON review.id = page.id
JOIN orders_orderitem AS item ON item.id = review.order_item_id
JOIN orders_order AS o ON o.id = item.order_id
JOIN accounts_user AS writer ON writer.id = o.user_id
LEFT JOIN orders_reviewappend AS append
    ON append.review_id = review.id AND append.state = 'public'
ORDER BY review.created_at DESC, review.id DESC
"""


class _Row(NamedTuple):
    """A review as `_PAGE` reads it; times are seconds since 1970."""

    id: int
    rating: int
    content: str
    images: list[str]
    nickname: str
    avatar: str
    specs: dict[str, str]
    created_at: int
    answer: str
    answered_at: int | None
    append_content: str | None
    append_images: list[str] | None
    append_created_at: int | None


class Tally(NamedTuple):
    """How many public reviews of a kind there are, and how often that has changed."""

    rating: int
    has_images: bool
    number: int
    changes: int


@dataclass(frozen=True)
class ReviewListing:
    """What was asked for of a product on sale."""

    product_id: int
    tallies: Sequence[Tally]
    rating: int | None = None
    has_images: bool = False

    def page(self, start: int, size: int) -> tuple[int, list[dict[str, Any]]]:
        """Return how many reviews there are, and those from `start` on."""
        total = sum(tally.number for tally in self.tallies if self._holds(tally))
        return total, self._walk(start, size) if start < total else []

    def _holds(self, tally: Tally) -> bool:
        is_rated = self.rating in (None, tally.rating)
        return is_rated and (tally.has_images or not self.has_images)

    def _walk(self, start: int, size: int) -> list[dict[str, Any]]:
        """Begin at a mark before the page, if there is one; leave one on a long way."""
        mark = mark_find(self._key, start) if start > SKIPPED_MAX else None
        skipped = start - mark.position if mark else start
        is_near = skipped <= SKIPPED_MAX
        sql = _page_sql(
            has_rating=self.rating is not None,
            has_images=self.has_images,
            has_mark=mark is not None,
            is_near=is_near,
        )
        values = {
            "product": self.product_id,
            "rating": self.rating,
            "skipped": skipped,
            "size": size,
        }
        if mark:
            values |= {"place": mark.place, "id": mark.id}
        rows = _fetch(sql, values)
        if rows and not is_near:
            _, first_id, place = rows[0]
            mark_leave(self._key, Mark(start, place, first_id), is_still=True)
        return [_shown(_Row(*orjson.loads(text))) for text, _, _ in rows]

    @property
    def _key(self) -> str:
        """Name the list as it is now: what comes or goes gives it another name."""
        changes = sum(tally.changes for tally in self.tallies)
        asked = self.product_id, self.rating, self.has_images
        return f"reviews {asked} {changes}"


def review_listing(
    product_id: int, *, rating: int | None = None, has_images: bool = False
) -> ReviewListing:
    """Return the reviews of a product that is on sale.

    Raises: NotFound.
    """
    rows = _fetch(_TALLIES, {"product": min(product_id, _BIGINT_MAX)})
    if not rows:
        raise NotFound(NOT_FOUND)
    tallies = [Tally(*tally) for tally in orjson.loads(rows[0][0])]
    return ReviewListing(product_id, tallies, rating, has_images)


def summary(tallies: Sequence[Tally]) -> dict[str, Any]:
    """Return what all public reviews of a product say together."""
    count = sum(tally.number for tally in tallies)
    stars = sum(tally.number * tally.rating for tally in tallies)
    return {
        "count": count,
        "average": rating_average(count, stars),
        "withImages": sum(tally.number for tally in tallies if tally.has_images),
        "ratings": [
            {
                "rating": rating,
                "count": sum(t.number for t in tallies if t.rating == rating),
            }
            for rating in range(RATING_MAX, 0, -1)
        ],
    }


@cache
def _page_sql(
    *, has_rating: bool, has_images: bool, has_mark: bool, is_near: bool
) -> str:
    """Return what walks to a page and gives it."""
    wanted = ((_RATING, has_rating), (_IMAGES, has_images), (_MARK, has_mark))
    conditions = "".join(condition for condition, is_asked in wanted if is_asked)
    limit = NEAR_MAX if is_near else "ALL"
    return _PAGE.format(conditions=conditions, limit=limit)


def _shown(row: _Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "rating": row.rating,
        "content": row.content,
        "images": [image_url(name) for name in row.images],
        "nickname": nickname_masked(row.nickname),
        "avatar": _avatar_shown(row.avatar),
        "specs": row.specs,
        "createdAt": local_time(row.created_at),
        "answer": row.answer,
        "answeredAt": None if row.answered_at is None else local_time(row.answered_at),
        "append": _append_shown(row),
    }


def _append_shown(row: _Row) -> dict[str, Any] | None:
    if row.append_created_at is None:
        return None
    return {
        "content": row.append_content,
        "images": [image_url(name) for name in row.append_images or ()],
        "createdAt": local_time(row.append_created_at),
    }


def _avatar_shown(avatar: str) -> str:
    """Return the URL of a picture that the shop keeps, else nothing.

    Another host would learn who looks, and may show anything later.
    """
    return "" if avatar.startswith("https://") else image_url(avatar)


def nickname_masked(nickname: str) -> str:
    """Return 王***明, which is never the whole of a name, nor tells its length."""
    if not nickname:
        return NOBODY
    return f"{nickname[0]}***{nickname[-1] if len(nickname) > 2 else ''}"


def _fetch(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Read where the request may read."""
    return rows_fetch(sql, values, using=router.db_for_read(Review))
