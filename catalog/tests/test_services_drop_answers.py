"""Which services drop the kept answers: all that write what the public sees."""

import inspect
import pkgutil
from importlib import import_module

import pytest

from catalog import services

# What nobody sees: keys of pages, sums, what is a shopper's own, and a copy is made by
# `product_create`. Popular words may be seconds old.
UNSEEN = {
    *("additions_delete_old", "counts_add_up", "product_copy"),
    *("search_history_list", "search_history_add", "search_history_delete"),
    *("search_history_clear", "search_history_delete_old", "popular_words_count"),
    # Charged for orders, shown by no public answer.
    *("freight_template_create", "freight_template_update", "freight_template_delete"),
    *("favorite_list", "favorite_add", "favorite_remove", "favorites_clear"),
    *("favorite_is_set", "footprint_list", "footprint_add", "footprint_remove"),
    *("footprints_clear", "footprints_delete_old"),
}
# What orders do: seconds may pass, as they do for stock.
ORDERS = {
    *("stock_take", "stock_return", "stock_refund", "sales_add", "rating_add"),
    "flash_sales_count",
}
# Within another service alone, or only looking.
PARTS = {
    *("stock_set", "stock_edited", "unchanged_require"),
    *("skus_replace", "skus_planned", "sku_of_plain_product"),
}
SERVICES = [module.name for module in pkgutil.iter_modules(services.__path__)]


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_forgets(name: str) -> None:
    module = import_module(f"{services.__name__}.{name}")
    found = {
        name: inspect.unwrap(service)
        for name, service in inspect.getmembers(module, inspect.isfunction)
        if service.__module__ == module.__name__ and not name.startswith(("_", "last_"))
    }
    told = {
        name
        for name, service in found.items()
        if "answers_drop" in service.__code__.co_names
    }
    assert found.keys() - told == found.keys() & (UNSEEN | ORDERS | PARTS)
