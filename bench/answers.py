"""Before anything is measured: do the contenders answer the same?"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from bench.asking import Asker
from bench.visits import LIST
from bench.writing import Tally
from shop.devstack.parts import DevstackError

# A new order's own; what the yardstick does not say is not compared.
_OF_ONE_ORDER = {"orderNo", "expiresAt", "createdAt", "updatedAt"}
_ADDRESS = {
    "name": "李雷",
    "phone": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "文三路1号",
}


def answers_compare(*, shop: Asker, others: list[Asker], tally: Tally) -> int:
    """Ask all for the same things; return how many answers were compared.

    Raises: DevstackError, when two differ.
    """
    compared = 0
    for path in _paths(shop):
        right = shop.data("GET", path)
        for other in others:
            _require_same(path, right, other.data("GET", path))
            compared += 1
    for lines in ([1], [2, 10], [20, 3]):
        right = _order(shop, lines)
        for other in others:
            _require_same(f"order of {lines}", right, _order(other, lines))
            compared += 1
        tally.answered += 1 + len(others)
    return compared


def _paths(shop: Asker) -> Iterator[str]:
    yield LIST
    yield f"{LIST}?page=7&size=20"
    for category in (1, 17, 50):
        yield from (f"{LIST}?category={category}&page={page}" for page in (1, 3, 5))
    # A word of a category's name, and one that stands in a few descriptions.
    described = shop.data("GET", f"{LIST}/2")["description"]
    for word in ("毛衣", described[10:12]):
        yield f"{LIST}?keyword={quote(word)}"
    # The tenth has several SKUs.
    yield from (f"{LIST}/{number}" for number in (1, 2, 10, 1230))
    yield "/api/auth/user"


def _order(asker: Asker, products: list[int]) -> Any:
    """Place an order; return what is the same in every order like it."""
    items = [
        {"productId": number, "skuId": number, "quantity": 1 + number % 2}
        for number in products
    ]
    order = asker.data("POST", "/api/orders", {"items": items, "address": _ADDRESS})
    for name in _OF_ONE_ORDER:
        del order[name]
    for item in order["items"]:
        del item["id"]
    return order


def _require_same(what: str, right: Any, other: Any) -> None:
    """Raises: DevstackError, when the other one says a thing differently."""
    if found := _difference(right, other):
        raise DevstackError(f"{what}: the answers differ", found)


def _difference(right: Any, other: Any, where: str = "data") -> str:
    """Name the first fact of the other one that is not among the right ones."""
    if isinstance(right, dict) and isinstance(other, dict):
        pairs = [(right.get(key), other[key], f"{where}.{key}") for key in other]
    elif isinstance(right, list) and isinstance(other, list):
        if len(right) != len(other):
            return f"{where}: {len(right)} and {len(other)}"
        pairs = [
            (one, two, f"{where}[{place}]")
            for place, (one, two) in enumerate(zip(right, other, strict=True))
        ]
    else:
        return "" if right == other else f"{where}: {right!r} and {other!r}"
    return next((found for pair in pairs if (found := _difference(*pair))), "")
