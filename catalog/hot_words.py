"""What shoppers are offered to search for: words of staff, of others, and names."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import router

from catalog.listing_sql import COLLECTED_MAX
from catalog.models import Product
from shop.statements import rows_fetch

HOT_WORDS_MAX = 20
SUGGESTIONS_MAX = 10

# What staff have pinned comes first, then one word of staff and one of shoppers in
# turn. With a text, of the words that hold it alone.
_HOT = """
WITH word AS (
    SELECT word, is_pinned, 0 AS source, position AS place, id
    FROM catalog_searchword WHERE kind = 'hot' AND is_active
    UNION ALL
    SELECT word, false, 1, -shoppers, 0 FROM catalog_popularword AS popular
    WHERE NOT EXISTS (
        SELECT FROM catalog_searchword AS ours
        WHERE catalog_search_fold(ours.word) = catalog_search_fold(popular.word)
    )
), offered AS (
    SELECT * FROM word
    WHERE strpos(catalog_search_fold(word), catalog_search_fold(%(text)s)) > 0
        AND NOT EXISTS (
            SELECT FROM catalog_searchword AS blocked
            WHERE blocked.kind = 'blocked' AND blocked.is_active AND strpos(
                catalog_search_fold(word.word), catalog_search_fold(blocked.word)
            ) > 0
        )
        AND EXISTS (
            SELECT FROM catalog_productsearch AS search WHERE search.on_sale
            AND catalog_search_matches(search.name, search.description, word.word)
        )
)
SELECT word, is_pinned FROM offered
ORDER BY is_pinned DESC,
    row_number() OVER (PARTITION BY is_pinned, source ORDER BY place, id, word),
    source
LIMIT %(most)s
"""
# The best-selling of those that are found first: to sort all that hold a word that
# everything holds would take longer than a shopper types, as would looking through all
# whose descriptions alone hold it.
_LOOKED_AT_MAX = 10 * COLLECTED_MAX
_NAMES = f"""
WITH looked_at AS MATERIALIZED (
    SELECT search.product_id, search.name FROM catalog_productsearch AS search
    WHERE search.on_sale
        AND catalog_search_matches(search.name, search.description, %(text)s)
    LIMIT {_LOOKED_AT_MAX}
), found AS MATERIALIZED (
    SELECT product_id, name FROM looked_at
    WHERE strpos(name, catalog_search_fold(%(text)s)) > 0
    LIMIT {COLLECTED_MAX}
), best AS (
    SELECT DISTINCT ON (found.name) product.id, product.name, product.sales,
        strpos(found.name, catalog_search_fold(%(text)s)) = 1 AS is_beginning
    FROM found JOIN catalog_product AS product ON product.id = found.product_id
    WHERE product.status = 'on_sale'
    ORDER BY found.name, product.sales DESC, product.id DESC
)
SELECT id, name FROM best
ORDER BY is_beginning DESC, sales DESC, id DESC LIMIT %(most)s
"""  # noqa: S608 - nothing but constants


class HotWord(NamedTuple):
    """A word that finds something."""

    keyword: str
    is_pinned: bool


class Suggestion(NamedTuple):
    """A hot word, or the name of a product."""

    keyword: str
    product_id: int | None = None


def hot_words(text: str = "") -> list[HotWord]:
    """Return what is offered, in one statement; with a text, what holds it."""
    using = router.db_for_read(Product)
    values = {"text": text, "most": HOT_WORDS_MAX}
    return [HotWord(*row) for row in rows_fetch(_HOT, values, using=using)]


def search_suggestions(text: str) -> list[Suggestion]:
    """Complete what somebody types, by two statements: what begins with it, first."""
    using = router.db_for_read(Product)
    values = {"text": text, "most": SUGGESTIONS_MAX}
    names = rows_fetch(_NAMES, values, using=using)
    offered = [
        *(Suggestion(word.keyword) for word in hot_words(text)),
        *(Suggestion(name, pk) for pk, name in names),
    ]
    return _each_once(offered, text)[:SUGGESTIONS_MAX]


def _each_once(offered: Iterable[Suggestion], text: str) -> list[Suggestion]:
    begun = text.casefold()
    found: dict[str, Suggestion] = {}
    for one in offered:
        found.setdefault(one.keyword.casefold(), one)
    # Stable: within each part they stay in their order.
    return sorted(
        found.values(), key=lambda one: not one.keyword.casefold().startswith(begun)
    )
