"""What the quick way writes is, to the last key, what DRF's fields would write."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from catalog.models import Category, Product, ProductImage, Sku
from catalog.tests.yardstick import detail_measure, list_measure

TEXTS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20
)
PRICES = st.decimals("0.01", "9999999999.99", places=2)
BEGAN_AT = datetime(2020, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=30_000)).map(BEGAN_AT.__add__)
FILES = st.sampled_from(
    ["", "uploads/202601/a.jpg", "https://cdn.example/a.png", "图 片.jpg"]
)
NAMES = st.sampled_from(["颜色", "尺码", 'a"b', "\\", "\u2028"])
SPECS = st.dictionaries(NAMES, TEXTS, max_size=4)
SKUS = st.lists(
    st.fixed_dictionaries(
        {
            "specs": SPECS,
            "price": PRICES,
            "stock": st.integers(0, 2**31 - 1),
            "image": FILES,
            "position": st.integers(0, 3),
            "is_active": st.booleans(),
        }
    ),
    max_size=5,
    unique_by=lambda sku: str(sorted(sku["specs"].items())),
)
PRODUCTS = st.fixed_dictionaries(
    {
        "name": TEXTS,
        "description": TEXTS,
        "price": PRICES,
        "original_price": st.none() | st.decimals("0.00", "99.99", places=2),
        "spec_names": st.lists(NAMES, max_size=5, unique=True),
        "sales": st.integers(0, 2**31 - 1),
        "rating_count": st.integers(0, 1000),
        "rating_sum": st.integers(0, 5000),
    }
)


@pytest.mark.django_db
@given(
    facts=PRODUCTS,
    skus=SKUS,
    files=st.lists(FILES, max_size=3),
    category=st.none() | TEXTS,
    made_at=MOMENTS,
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_shape_of_a_product(
    api: APIClient,
    facts: dict[str, Any],
    skus: list[dict[str, Any]],
    files: list[str],
    category: str | None,
    made_at: datetime,
) -> None:
    with transaction.atomic():
        product = _write(facts, skus, files, category, made_at)
        shown = api.get(f"/api/products/{product.pk}").json()["data"]
        measure = detail_measure(product.pk)
        assert (shown, _keys(shown)) == (measure, _keys(measure))
        assert Decimal(shown["price"]) == facts["price"]
        listed = api.get("/api/products").json()["data"]["list"]
        measures = list_measure()
        assert (listed, _keys(listed)) == (measures, _keys(measures))
        transaction.set_rollback(True)


def _write(
    facts: dict[str, Any],
    skus: list[dict[str, Any]],
    files: list[str],
    category: str | None,
    made_at: datetime,
) -> Product:
    if category is not None:
        facts = facts | {"category": Category.objects.create(name=category)}
    product = Product.objects.create(**facts)
    Product.objects.update(created_at=made_at, updated_at=made_at + timedelta(hours=9))
    Sku.objects.bulk_create(Sku(product=product, **sku) for sku in skus)
    ProductImage.objects.bulk_create(
        ProductImage(product=product, file=file, position=len(files) - number)
        for number, file in enumerate(files)
    )
    return product


def _keys(value: Any) -> Any:
    """Return the keys of all objects in their order, which equality does not see."""
    if isinstance(value, dict):
        return [(key, _keys(part)) for key, part in value.items()]
    return [_keys(part) for part in value] if isinstance(value, list) else None
