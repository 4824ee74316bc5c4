"""The routes as the contract has them, and as the URL conf has them."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from shop.api.kept.views import KeptReads

# Who may call it, and the status of a success. `public`: anybody. `open`: anybody, and
# a token is looked at. `own`: shoppers, their own rows. `shopper`: shoppers, what is
# there for all. `person`: shoppers and staff. `staff`: staff with the permission.
CONTRACT: dict[str, tuple[str, int]] = {
    "POST /api/auth/login": ("public", 200),
    "POST /api/auth/staff/login": ("public", 200),
    "POST /api/auth/refresh": ("public", 200),
    "POST /api/auth/logout": ("public", 200),
    "GET /api/auth/user": ("own", 200),
    "PUT /api/auth/user": ("own", 200),
    "PATCH /api/auth/user": ("own", 200),
    "DELETE /api/auth/user": ("own", 200),
    "GET /api/auth/user/export": ("own", 200),
    "POST /api/auth/phone": ("own", 200),
    "POST /api/auth/avatar": ("own", 200),
    "GET /api/addresses": ("own", 200),
    "POST /api/addresses": ("own", 201),
    "POST /api/addresses/parse": ("own", 200),
    "GET /api/addresses/{id}": ("own", 200),
    "PUT /api/addresses/{id}": ("own", 200),
    "PATCH /api/addresses/{id}": ("own", 200),
    "DELETE /api/addresses/{id}": ("own", 200),
    "POST /api/uploads": ("person", 201),
    "GET /api/config": ("public", 200),
    "GET /api/products": ("public", 200),
    "POST /api/products": ("staff", 201),
    "GET /api/products/{id}": ("public", 200),
    "PUT /api/products/{id}": ("staff", 200),
    "PATCH /api/products/{id}": ("staff", 200),
    "DELETE /api/products/{id}": ("staff", 200),
    "GET /api/categories": ("public", 200),
    "GET /api/coupons": ("open", 200),
    "GET /api/coupons/mine": ("own", 200),
    "POST /api/coupons/{id}/claim": ("shopper", 201),
    "GET /api/flash-sales": ("public", 200),
    "GET /api/home": ("public", 200),
    "GET /api/search/hot": ("public", 200),
    "GET /api/search/suggest": ("public", 200),
    "GET /api/search/history": ("own", 200),
    "POST /api/search/history": ("own", 201),
    "DELETE /api/search/history": ("own", 200),
    "DELETE /api/search/history/{id}": ("own", 200),
    "GET /api/favorites": ("own", 200),
    "POST /api/favorites": ("own", 201),
    "GET /api/favorites/{productId}": ("shopper", 200),
    "DELETE /api/favorites/{productId}": ("shopper", 200),
    "GET /api/footprints": ("own", 200),
    "POST /api/footprints": ("own", 201),
    "DELETE /api/footprints": ("own", 200),
    "DELETE /api/footprints/{productId}": ("shopper", 200),
    "GET /api/cart": ("own", 200),
    "POST /api/cart": ("own", 201),
    "PATCH /api/cart/{id}": ("own", 200),
    "DELETE /api/cart/{id}": ("own", 200),
    "GET /api/cart/count": ("own", 200),
    "POST /api/cart/select": ("own", 200),
    "DELETE /api/cart/selected": ("own", 200),
    "DELETE /api/cart/gone": ("own", 200),
    "POST /api/orders/preview": ("own", 200),
    "POST /api/orders": ("own", 201),
    "GET /api/orders": ("own", 200),
    "GET /api/orders/counts": ("own", 200),
    "GET /api/orders/{orderNo}": ("own", 200),
    "DELETE /api/orders/{orderNo}": ("own", 200),
    "POST /api/orders/{orderNo}/pay": ("own", 200),
    "POST /api/orders/{orderNo}/cancel": ("own", 200),
    "POST /api/orders/{orderNo}/confirm": ("own", 200),
    "POST /api/orders/{orderNo}/remind": ("own", 200),
    "GET /api/orders/{orderNo}/logistics": ("own", 200),
    "POST /api/orders/{orderNo}/buy-again": ("own", 200),
    "GET /api/orders/{orderNo}/refunds": ("own", 200),
    "POST /api/orders/{orderNo}/refunds": ("own", 201),
    "GET /api/orders/{orderNo}/reviews": ("own", 200),
    "POST /api/orders/{orderNo}/reviews": ("own", 201),
    "GET /api/reviews": ("own", 200),
    "POST /api/reviews/{id}/append": ("own", 201),
    "GET /api/products/{id}/reviews": ("public", 200),
    "GET /api/refunds": ("own", 200),
    "GET /api/refunds/{refundNo}": ("own", 200),
    "POST /api/refunds/{refundNo}/withdraw": ("own", 200),
    "POST /api/refunds/{refundNo}/return": ("own", 200),
}
# Outside of the envelope and of the schema.
OUTSIDE = {
    "GET /api/schema",
    "GET /api/docs",
    "POST /api/payments/wechat/notify",
    "POST /api/payments/wechat/refund-notify",
}
_NO_ROUTE = {"head", "options", "trace"}


def served() -> set[str]:
    """Return each `METHOD /path/{name}` under /api/ that the URL conf serves."""
    return {
        f"{method.upper()} {path}"
        for path, entry in _walk(get_resolver().url_patterns, "/")
        for method in _methods(entry)
    }


def kept() -> set[str]:
    """Return the path of each read whose finished answer is kept for all."""
    return {
        path
        for path, entry in _walk(get_resolver().url_patterns, "/")
        if issubclass(_kind(entry), KeptReads) and "get" in _methods(entry)
    }


def _walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        path = prefix + _readable(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, path)
        elif path.startswith("/api/") and path != "/api/":
            yield path, entry


def _readable(pattern: str) -> str:
    named = re.sub(r"\(\?P<(\w+)>(?:\[[^]]*\]|[^()])*\)", r"{\1}", pattern)
    return named.strip("^$").replace("{pk}", "{id}")


def _methods(entry: URLPattern) -> set[str]:
    kind = _kind(entry)
    if actions := getattr(entry.callback, "actions", None):
        return set(actions) - _NO_ROUTE
    return {name for name in kind.http_method_names if hasattr(kind, name)} - _NO_ROUTE


def _kind(entry: URLPattern) -> type[Any]:
    view: Any = entry.callback
    kind: type[Any] = getattr(view, "cls", None) or view.view_class
    return kind
