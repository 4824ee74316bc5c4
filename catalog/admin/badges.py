"""What of the goods waits for somebody: the count beside the sidebar's entry."""

from typing import cast

from django.core.cache import cache
from django.http import HttpRequest

from catalog.models import Sku
from shop.back_office.badges import once_per_page

# No index knows what is low: it would name the stock, and each sale would have to
# write it. So all SKUs on sale are looked at, once in this time for everybody.
_KEPT_SECONDS = 60
_KEY = "catalog.low_stock"


@once_per_page
def low_stock(request: HttpRequest) -> int:
    """Count what is to be bought again, as it was up to a minute ago."""
    count = cache.get_or_set(_KEY, Sku.objects.low().count, _KEPT_SECONDS)
    return cast("int", count)
