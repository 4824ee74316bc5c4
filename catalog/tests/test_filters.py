"""What is plain is read without the filterset, as the filterset would read it."""

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.filters import KEYWORD_MAX, ProductFilter, plain_listing
from catalog.listing import ProductListing
from catalog.listing_sql import ORDERINGS
from catalog.models import Product

NUMBERS = st.integers(0).map(str) | st.decimals(0, 10**11, places=2).map(str)
WORDS = st.sampled_from(["", "1.5", "0.001", "1\n", "١", "true", "True", *ORDERINGS])
TEXTS = st.text(" 茶a1.\0\n\x1f\xa0\u3000", max_size=KEYWORD_MAX + 2)
VALUES = st.lists(WORDS | NUMBERS | TEXTS, max_size=2)


def judged(query: QueryDict) -> ProductListing | None:
    """Return what the filterset reads; None when it refuses."""
    filterset = ProductFilter(query, Product.objects.all())
    listing: Any = filterset.qs if filterset.is_valid() else None
    return listing


@given(st.dictionaries(st.sampled_from([*ProductFilter.base_filters]), VALUES))
@example({"keyword": ["x" * KEYWORD_MAX]})
@example({"keyword": ["x" * (KEYWORD_MAX + 1)]})
@example({"category": ["9" * 1001]})
@settings(deadline=None)
def test_the_filterset_reads_it_alike(asked: dict[str, list[str]]) -> None:
    query = QueryDict(mutable=True)
    for name, values in asked.items():
        query.setlist(name, values)
    read = plain_listing(query)
    if read is not None:
        assert read == judged(query)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "category=7&page=2",
        "keyword=龙 井&minPrice=1&maxPrice=20.50&inStock=true",
        "ordering=-sales&inStock=false",
    ],
)
def test_the_usual_needs_no_filterset(asked: str) -> None:
    assert plain_listing(QueryDict(asked)) == judged(QueryDict(asked)) is not None
