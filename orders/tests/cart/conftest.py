"""The one SKU of each product."""

import pytest

from catalog.models import Product, Sku


@pytest.fixture
def sku(tea: Product) -> Sku:
    return Sku.objects.get(product=tea)


@pytest.fixture
def cup_sku(cup: Product) -> Sku:
    return Sku.objects.get(product=cup)
