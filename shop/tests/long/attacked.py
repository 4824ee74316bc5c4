"""A shop to attack: gunicorn, a shopper who has a row of every kind, and staff."""

import re
from collections import Counter
from typing import NamedTuple

from shop.tests.web_process import WebProcess

# Whose row the name in a path is of, by the path's beginning.
ROW_OF_PATH = {
    "/api/addresses/": "address",
    "/api/cart/": "cart",
    "/api/coupons/": "coupon",
    "/api/favorites/": "product",
    "/api/footprints/": "product",
    "/api/orders/": "order",
    "/api/products/": "product",
    "/api/refunds/": "refund",
    "/api/reviews/": "review",
    "/api/search/history/": "word",
}
# And of a field or a query parameter.
ROW_OF_FIELD = {
    "addressId": "address",
    "category": "category",
    "couponId": "claim",
    "itemId": "item",
    "productId": "product",
    "skuId": "sku",
}

# The status, in the log of requests.
ASKED = r"shop\.access .*? (\d{3}) [\d.]+ ms"


class Attacked(NamedTuple):
    """Where the shop is, the tokens of its callers, and the ids of rows to hit."""

    url: str
    web: WebProcess
    tokens: dict[str, str]
    cookie: str
    rows: dict[str, list[str]]

    def answered(self) -> Counter[int]:
        """Count the answers by their status, from the shop's own log."""
        log = (self.web.folder / "out").read_text()
        return Counter(map(int, re.findall(ASKED, log)))


def hundreds(statuses: Counter[int]) -> dict[str, int]:
    """Return columns of a table: how many answers were of each hundred."""
    return {
        f"{hundred}xx": sum(
            times for status, times in statuses.items() if status // 100 == hundred
        )
        for hundred in (2, 4, 5)
    }
