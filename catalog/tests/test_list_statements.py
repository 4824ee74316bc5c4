"""Each way of asking for the list: the same in a transaction and outside of one.

There the statement is sent by libpq's own call, and PostgreSQL finds the types.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import transaction
from rest_framework.test import APIClient

from catalog.models import Category, Product

pytestmark = pytest.mark.django_db(transaction=True)

FILTERS = {"keyword": "茶", "minPrice": "10.00", "maxPrice": "500", "inStock": "true"}


def asked(category: int) -> Iterator[str]:
    filters = list((FILTERS | {"category": str(category)}).items())
    for count in range(len(filters) + 1):
        for query in map(dict, combinations(filters, count)):
            for ordering in ("-createdAt", "price", "-price", "-sales"):
                more = {"ordering": ordering, "size": 3}
                yield urlencode(query | more)
            yield urlencode(query | {"page": 40, "size": 20})


def test_each_list_is_the_same_outside_of_a_transaction(
    api: APIClient, product_make: Callable[..., Product], settings: Any
) -> None:
    settings.RATELIMIT_ENABLE = False
    tea = Category.objects.create(name="茶")
    for number in range(5):
        product_make(f"龙井茶{number}", price=f"{number + 8}.00", category=tea)
    product_make("茶杯", stock=0)
    for query in asked(tea.pk):
        cache.clear()
        outside = api.get(f"/api/products?{query}")
        with transaction.atomic():
            inside = api.get(f"/api/products?{query}")
        assert outside.status_code == 200, query
        assert outside.content == inside.content, query
