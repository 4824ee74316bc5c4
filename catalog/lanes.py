"""What of the catalogue is asked for most; its views pass by DRF themselves."""

import re

from catalog.views import ProductViewSet
from shop.api.lane import Lane

_PK = f"(?P<pk>{ProductViewSet.lookup_value_regex})"

LANES = [
    Lane(
        "GET",
        re.compile(f"/api/products/{_PK}"),
        "api/products/{pk}",
        ProductViewSet.as_view({"get": "retrieve"}),
    ),
    Lane(
        "GET",
        re.compile("/api/products"),
        "api/products",
        ProductViewSet.as_view({"get": "list"}),
    ),
]
