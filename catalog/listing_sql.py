"""The texts of the product list's statements, one for each way of asking."""

from functools import cache

# Each ends in the id: pages neither repeat nor skip products that are alike.
ORDERINGS = {
    "-createdAt": ("created_at", "DESC"),
    "price": ("price", "ASC"),
    "-price": ("price", "DESC"),
    "-sales": ("sales", "DESC"),
}
ORDERING_DEFAULT = "-createdAt"
# A near page ends no further than this behind where its walk begins. As a constant in
# the text it tells the planner, which then keeps one plan for any numbers.
NEAR_MAX = 200
# So many are about as quick to sort as a page of rare ones is to walk to.
COLLECTED_MAX = 1000

_FILTERS = {
    "category": "product.category_id = wanted.category_id",
    "keyword": "catalog_search_matches(search.name, search.description, %(keyword)s)",
    "min_price": "product.price >= %(min_price)s",
    "max_price": "product.price <= %(max_price)s",
    "in_stock": "EXISTS (SELECT FROM catalog_sku AS sku WHERE"
    " sku.product_id = product.id AND sku.is_active AND sku.stock > 0)",
}
_COUNT = """
SELECT count(*) FROM {wanted} catalog_product AS product WHERE {conditions}
"""
_COLLECT = """
WITH found AS MATERIALIZED ({rows})
SELECT (SELECT count(*) FROM found),
    ARRAY(SELECT id FROM found
        ORDER BY place {direction}, id {direction}
        OFFSET %(start)s LIMIT %(size)s)
"""
_OF_KEYWORD = """
SELECT product.id, product.{column} AS place
FROM {wanted} catalog_productsearch AS search
JOIN catalog_product AS product ON product.id = search.product_id
WHERE {conditions}
"""
# By the keyword alone, the newest first: what is needed stands in the search's row.
_OF_KEYWORD_ALONE = """
SELECT search.product_id AS id, search.created_at AS place
FROM catalog_productsearch AS search
WHERE search.on_sale AND {keyword}
"""

# By an index, in its order, so that it ends with the last row that is asked for: a
# bitmap would hold all that pass, and `= ANY` would sort the categories' rows.
_WALK = """
SELECT product.id, product.{column} AS place
FROM catalog_product AS product
WHERE {conditions}
ORDER BY product.{index} {direction}, product.id {direction} LIMIT {limit}
"""
_WALK_OF_CATEGORIES = """
SELECT part.id, part.place FROM {wanted}
CROSS JOIN LATERAL (SELECT id, place FROM ({walk}) AS walk LIMIT {reach}) AS part
"""
_FEW = "SELECT id, place FROM ({walk}) AS walked LIMIT {most}"
_PAGE = """
SELECT place, id FROM ({walk}) AS walked
ORDER BY place {direction}, id {direction}
OFFSET %(skipped)s LIMIT %(size)s
"""
_WANTED = "unnest(%(categories)s::bigint[]) AS wanted (category_id)"


@cache
def count_sql(filters: tuple[str, ...]) -> str:
    """Return what counts the products on sale that pass the filters."""
    return _COUNT.format(wanted=_joined(filters), conditions=_conditions(filters))


@cache
def collect_sql(filters: tuple[str, ...], ordering: str) -> str:
    """Return what collects products, and gives their number and the ids of a page.

    Without a keyword it collects one more than COLLECTED_MAX at most.
    """
    column, direction = ORDERINGS[ordering]
    if "keyword" not in filters:
        order = ("price", "DESC")
        most = COLLECTED_MAX + 1
        walk = _walk(filters, _conditions(filters), column, order, most, most)
        rows = _FEW.format(walk=walk, most=most)
    elif filters == ("keyword",) and ordering == ORDERING_DEFAULT:
        rows = _OF_KEYWORD_ALONE.format(**_FILTERS)
    else:
        rows = _OF_KEYWORD.format(
            column=column, wanted=_joined(filters), conditions=_conditions(filters)
        )
    return _COLLECT.format(rows=rows, direction=direction)


@cache
def page_sql(
    filters: tuple[str, ...], ordering: str, *, has_mark: bool, is_near: bool
) -> str:
    """Return what walks to a page and gives it, each product's place before its id.

    With a mark it begins there, at (`place`, `id`).
    """
    column, direction = order = ORDERINGS[ordering]
    conditions = _conditions(filters)
    if has_mark:
        behind = "<=" if direction == "DESC" else ">="
        here = f"(product.{column}, product.id)"
        conditions += f" AND {here} {behind} (%(place)s, %(id)s)"
    limit = NEAR_MAX if is_near else "ALL"
    reach = "%(skipped)s + %(size)s"
    walk = _walk(filters, conditions, column, order, limit, reach)
    return _PAGE.format(walk=walk, direction=direction)


def _walk(
    filters: tuple[str, ...],
    conditions: str,
    column: str,
    order: tuple[str, str],
    limit: int | str,
    reach: int | str,
) -> str:
    """Return what goes over an index; of each category it takes `reach` rows."""
    walk = _WALK.format(
        column=column,
        conditions=conditions,
        index=order[0],
        direction=order[1],
        limit=limit,
    )
    if "category" not in filters:
        return walk
    return _WALK_OF_CATEGORIES.format(wanted=_WANTED, walk=walk, reach=reach)


def _conditions(filters: tuple[str, ...]) -> str:
    return " AND ".join(
        ["product.status = 'on_sale'", *(_FILTERS[name] for name in filters)]
    )


def _joined(filters: tuple[str, ...]) -> str:
    return f"{_WANTED}, " if "category" in filters else ""
