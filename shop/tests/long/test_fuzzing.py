"""Requests made from the schema, good ones and bad ones, over HTTP with a login.

No answer may be a 5xx, or of a status, type or shape that the schema does not know.
The same requests are made at each run.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from rest_framework.test import APIClient
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import Address, User
from accounts.services import session_open
from catalog.models import Category, Product
from orders.models import Order, Refund
from orders.services.audit import orders_audit
from orders.services.cart import cart_add
from orders.tests.conftest import ADDRESS, line, paid_order
from shop.tests.routes import CONTRACT

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# For each of some thirty routes, each way of making requests and each caller.
EXAMPLES = 15
# A logout or a deletion that happened to succeed would end the run's login; both need
# a token or a code that no generator guesses.
bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def buyer(wechat_api: APIClient) -> User:
    """A shopper whom WeChat knows, so that payments can be prepared."""
    return User.objects.get(is_staff=False)


@pytest.fixture
def link() -> Iterator[requests.Session]:
    """One for all requests of a test, and so one connection to the database."""
    with requests.Session() as session:
        yield session


@pytest.fixture
def rows(
    product_make: Callable[..., Product], buyer: User, wechat_api: APIClient
) -> dict[str, Any]:
    """Return the ids of rows that requests may hit."""
    category = Category.objects.create(name="茶")
    product = product_make(category=category, stock=100_000)
    paid = paid_order(wechat_api, line(product, 999))
    return {
        "category": category.pk,
        "product": product.pk,
        "sku": paid.items.get().sku_id,
        "cart": cart_add(user_id=buyer.pk, sku_id=paid.items.get().sku_id, quantity=1),
        "address": Address.objects.create(user=buyer, **ADDRESS).pk,
        "paid": paid.order_no,
        "line": paid.items.get().pk,
    }


def aimed(case: Any, rows: dict[str, Any]) -> None:
    """Turn made-up ids into real ones: the newest order, a product, an address."""
    newest = Order.objects.order_by("pk").last()
    asked = Refund.objects.order_by("pk").last()
    is_refund = "refunds" in case.path
    ids = {
        "orderNo": rows["paid"] if is_refund or not newest else newest.order_no,
        "refundNo": asked.refund_no if asked else "R1",
        "productId": rows["product"],
        "id": rows[
            next((name for name in ("address", "cart") if name in case.path), "product")
        ],
    }
    for name in case.path_parameters or {}:
        case.path_parameters[name] = ids[name]
    if not isinstance(case.body, dict):
        return
    if "category" in case.body:
        case.body["category"] = rows["category"]
    if "skuId" in case.body:
        case.body["skuId"] = rows["sku"]
    lines = case.body.get("items")
    for wish in lines if isinstance(lines, list) else []:
        if isinstance(wish, dict) and is_refund:
            wish["itemId"] = rows["line"]
        elif isinstance(wish, dict):
            wish["productId"] = rows["product"]
            wish.pop("skuId", None)


def surprise(
    operation: Any, mode: GenerationMode, send: Callable[[Any], Any], rows: Any
) -> str | None:
    """Make the requests of one route; return the first wrong answer."""

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode), is_aimed=st.booleans())
    def requests_made(case: Any, is_aimed: bool) -> None:
        if is_aimed:
            aimed(case, rows)
        case.validate_response(send(case), checks=CHECKS)

    try:
        requests_made()
    except Unsatisfiable:
        # Nothing can be wrong with a request that holds nothing.
        return None
    except Exception as error:
        causes = getattr(error, "exceptions", [error])
        return "\n".join([operation.label, *map(str, causes)])
    return None


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("caller", ["shopper", "staff"])
def test_no_request_surprises(
    shop_server: Any,
    link: requests.Session,
    schema: dict[str, Any],
    settings: Any,
    buyer: User,
    staff: User,
    rows: dict[str, Any],
    caller: str,
    mode: GenerationMode,
) -> None:
    settings.RATELIMIT_ENABLE = False
    token = session_open(user=buyer if caller == "shopper" else staff).token
    headers = {"Authorization": f"Bearer {token}"}
    answered = Counter[int]()

    def send(case: Any) -> Any:
        answer = case.call(shop_server.url, link, headers=headers, timeout=60)
        answered[answer.status_code] += 1
        return answer

    published = schemathesis.openapi.from_dict(schema)
    operations = [result.ok() for result in published.get_all_operations()]
    if caller == "staff":
        # The others answer 403, whatever is sent (test_roles).
        theirs = {"own", "shopper"}
        operations = [one for one in operations if CONTRACT[one.label][0] not in theirs]
    found = [surprise(operation, mode, send, rows) for operation in operations]
    wrong = [text for text in found if text]
    assert wrong == [], "\n\n".join(wrong)
    # Good and bad requests were among them, and the login held to the end.
    assert answered[200] + answered[201] > 10
    assert answered[400] > 10
    if caller == "shopper" and mode == GenerationMode.POSITIVE:
        assert Refund.objects.exists()
    last = link.get(f"{shop_server.url}/api/orders", headers=headers, timeout=60)
    assert last.status_code == (200 if caller == "shopper" else 403)
    assert orders_audit() == []
