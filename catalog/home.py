"""The home page as the public sees it, read by three statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from django.db import router
from django.utils import timezone

from catalog.models import SECTION_PRODUCTS_MAX, Product
from shop.statements import rows_fetch

# At these limits the page is as long as what is kept of an answer.
BANNERS_MAX = 10
SECTIONS_MAX = 8
# Of the two rows that every shop has.
NEW_AND_HOT_COUNT = 10

# A banner that leads to a product goes and comes with it. `seconds` is how long until
# a banner begins or ends.
_FRAME = """
SELECT json_build_object(
    'banners', (
        SELECT json_agg(
            json_build_array(
                banner.id, banner.title, banner.image, banner.target_kind,
                banner.product_id, banner.category_id, banner.target
            )
            ORDER BY banner.position, banner.id
        )
        FROM (
            SELECT banner.* FROM catalog_banner AS banner
            LEFT JOIN catalog_product AS product ON product.id = banner.product_id
            WHERE banner.is_active
                AND coalesce(banner.starts_at <= %(now)s, true)
                AND coalesce(banner.ends_at > %(now)s, true)
                AND coalesce(product.status = 'on_sale', true)
            ORDER BY banner.position, banner.id LIMIT %(banners)s
        ) AS banner
    ),
    'categories', (
        SELECT json_agg(json_build_array(id, name, icon) ORDER BY position, id)
        FROM catalog_category WHERE parent_id IS NULL
    ),
    'seconds', (
        SELECT extract(epoch FROM min(moment) - %(now)s)
        FROM catalog_banner, unnest(ARRAY[starts_at, ends_at]) AS moment
        WHERE is_active AND moment > %(now)s
    )
)::text
"""
# Each list is a walk over an index; the constant limit tells the planner so.
_WALK = f"""
SELECT id, created_at FROM catalog_product
WHERE status = 'on_sale' {{condition}}
ORDER BY {{column}} DESC, id DESC LIMIT {SECTION_PRODUCTS_MAX}
"""  # noqa: S608 - nothing but constants
_NEWEST = _WALK.format(condition="", column="created_at")
_BEST_SELLING = _WALK.format(condition="", column="sales")
_NEWEST_OF = _WALK.format(condition="AND category_id = below.id", column="created_at")
_LISTS = f"""
WITH part AS (
    SELECT id, title, kind, category_id, shown_count, position
    FROM (
        SELECT * FROM catalog_homesection WHERE is_active
        ORDER BY position, id LIMIT %(sections)s
    ) AS section
    UNION ALL
    SELECT NULL, '', kind, NULL, {NEW_AND_HOT_COUNT}, place
    FROM unnest(ARRAY['newest', 'best_selling']) WITH ORDINALITY AS own (kind, place)
)
SELECT json_build_array(part.id, part.title, part.kind, part.category_id,
    CASE part.kind
    WHEN 'newest' THEN ARRAY(SELECT id FROM ({_NEWEST}) AS walk LIMIT part.shown_count)
    WHEN 'best_selling' THEN
        ARRAY(SELECT id FROM ({_BEST_SELLING}) AS walk LIMIT part.shown_count)
    WHEN 'category' THEN ARRAY(
        WITH RECURSIVE below AS (
            SELECT part.category_id AS id
            UNION
            SELECT child.id FROM catalog_category AS child
            JOIN below ON below.id = child.parent_id
        )
        SELECT walk.id FROM below CROSS JOIN LATERAL ({_NEWEST_OF}) AS walk
        ORDER BY walk.created_at DESC, walk.id DESC LIMIT part.shown_count
    )
    ELSE ARRAY(
        SELECT product.id FROM catalog_homesectionproduct AS line
        JOIN catalog_product AS product ON product.id = line.product_id
        WHERE line.section_id = part.id AND product.status = 'on_sale'
        ORDER BY line.position, line.id LIMIT part.shown_count
    )
    END
)::text
FROM part ORDER BY part.id IS NOT NULL, part.position, part.id
"""  # noqa: S608 - nothing but constants
_CARDS = """
SELECT json_build_array(
    product.id, product.name, product.price::text, product.original_price::text,
    (
        SELECT file FROM catalog_productimage
        WHERE product_id = product.id ORDER BY position, id LIMIT 1
    ),
    (
        SELECT coalesce(sum(stock), 0)
        FROM catalog_sku WHERE product_id = product.id AND is_active
    ),
    product.sales
)::text
FROM catalog_product AS product
WHERE product.id = ANY(%s) AND product.status = 'on_sale'
"""


class ShownBanner(NamedTuple):
    """A banner that is shown now."""

    id: int
    title: str
    image: str
    target_kind: str
    product_id: int | None
    category_id: int | None
    target: str


class Entry(NamedTuple):
    """A category without a parent, as an entry into the shop."""

    id: int
    name: str
    icon: str


class Card(NamedTuple):
    """A product as a row of many shows it: without its description."""

    id: int
    name: str
    price: str
    original_price: str | None
    # A storage name.
    image: str | None
    stock: int
    sales: int


class ShownSection(NamedTuple):
    """A row of products, of which there is one at least."""

    id: int | None
    title: str
    kind: str
    category_id: int | None
    products: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Home:
    """The home page; `seconds` is how long it stays so, None for as long as edits."""

    banners: Sequence[ShownBanner]
    categories: Sequence[Entry]
    new: Sequence[Card]
    hot: Sequence[Card]
    sections: Sequence[ShownSection]
    seconds: float | None


def home_shown() -> Home:
    """Read the home page as it is now."""
    using = router.db_for_read(Product)
    values = {"now": timezone.now(), "banners": BANNERS_MAX}
    [(frame,)] = rows_fetch(_FRAME, values, using=using)
    read = orjson.loads(frame)
    new, hot, *sections = _sections(using)
    return Home(
        banners=[ShownBanner(*one) for one in read["banners"] or ()],
        categories=[Entry(*one) for one in read["categories"] or ()],
        new=new.products,
        hot=hot.products,
        sections=[section for section in sections if section.products],
        seconds=read["seconds"],
    )


def _sections(using: str) -> list[ShownSection]:
    rows = rows_fetch(_LISTS, {"sections": SECTIONS_MAX}, using=using)
    # The facts of each, and the ids of its products behind them.
    parts = [orjson.loads(text) for (text,) in rows]
    cards = _cards({pk for *_, ids in parts for pk in ids}, using)
    return [
        ShownSection._make([*facts, [cards[pk] for pk in ids if pk in cards]])
        for *facts, ids in parts
    ]


def _cards(product_ids: set[int], using: str) -> dict[int, Card]:
    """Read products; one taken off sale since its id was found is left out."""
    rows = rows_fetch(_CARDS, [sorted(product_ids)], using=using)
    cards = [Card(*orjson.loads(text)) for (text,) in rows]
    return {card.id: card for card in cards}
