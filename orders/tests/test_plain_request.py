"""Bodies that are read without the serializer: as the serializer reads them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile_of
from hypothesis import strategies as st

from orders.serializers import OrderRequestSerializer, plain_request
from orders.services.order_requests import Wish
from orders.services.placing import Destination, OrderRequest
from orders.tests.conftest import ADDRESS

LINE = {"productId": 1, "quantity": 1}
BODY = {"items": [LINE], "address": ADDRESS}

# What JSON can hold, and most of all what lies at the edges of an order.
numbers = st.sampled_from(
    [0, 1, 999, 1000, 2**63 - 1, 2**63, -1, True, 1.0, "1", " 1", "１", None, [], {}]
)
texts = st.sampled_from(
    [
        "张三",
        " 张三",
        "a\u3000",
        "",
        " ",
        "a<b",
        "<b>a</b>",
        "&lt;",
        "&",
        "\x00",
        "\ud800",
    ]
    + [
        "\u200b",
        "\u2028",
        "a\nb",
        "\ufeff",
        "é",
        "👍",
        "字" * 50,
        "字" * 51,
        "字" * 200,
    ]
    + ["字" * 201, 7, 1.5, True, None, [], {}]
) | st.text(max_size=60)
phones = st.sampled_from(
    ["13800138000", " 13800138000", "13800138000\n", "１3800138000", "12800138000"]
    + ["138001380000", 13800138000, None, ""]
)


def partial(fields: dict[str, Any]) -> Any:
    return st.fixed_dictionaries({}, optional=fields)


lines = partial({"productId": numbers, "skuId": numbers, "quantity": numbers})
plain_lines = st.just(LINE) | st.just(LINE | {"skuId": 7}) | st.just(LINE | {"x": 1})
addresses = partial(
    dict.fromkeys(("name", "province", "city", "district", "detail"), texts)
    | {"phone": phones}
)
changed_addresses = addresses.map(lambda changes: ADDRESS | changes)
bodies = partial(
    {
        "items": st.lists(lines | plain_lines, max_size=3)
        | st.integers(0, 52).map(lambda count: [LINE] * count)
        | numbers,
        "address": changed_addresses | addresses | st.just(ADDRESS) | numbers,
        "addressId": numbers,
        "couponId": numbers,
        "remark": texts,
        "more": numbers,
    }
)
changed_bodies = bodies.map(lambda changes: BODY | changes)


def serialized(body: Any) -> OrderRequest | None:
    serializer = OrderRequestSerializer(data=body)
    return serializer.to_request() if serializer.is_valid() else None


@profile_of(max_examples=150, deadline=None, database=None)
@given(body=changed_bodies | bodies)
def test_what_is_read_the_serializer_reads_alike(body: Any) -> None:
    read = plain_request(body)
    if read is not None:
        assert read == serialized(body)


@pytest.mark.parametrize("body", [None, [], "", 7, {}, {"items": []}])
def test_what_is_no_order_is_left_to_the_serializer(body: Any) -> None:
    assert plain_request(body) is None


def test_what_clients_send_needs_no_serializer() -> None:
    sent = {
        "items": [{"productId": 3, "quantity": 2}, {**LINE, "skuId": 9, "note": "x"}],
        "address": ADDRESS,
        "couponId": 4,
        "remark": "请尽快发货, 谢谢 👍",
    }
    assert plain_request(json.loads(json.dumps(sent))) == OrderRequest(
        wishes=[Wish(3, None, 2), Wish(1, 9, 1)],
        destination=Destination(**ADDRESS),
        remark="请尽快发货, 谢谢 👍",
        coupon_id=4,
    )
    assert plain_request({"items": [LINE], "addressId": 5, "remark": None}) == (
        OrderRequest(wishes=[Wish(1, None, 1)], address_id=5)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"items": [LINE] * 51},
        {"items": [LINE | {"quantity": True}]},
        {"items": [LINE | {"quantity": 1000}]},
        {"items": [LINE | {"productId": 2**63}]},
        {"items": [LINE | {"skuId": 0}]},
        {"addressId": 5},
        {"address": None},
        {"address": ADDRESS | {"name": "<b>a</b>"}},
        {"address": ADDRESS | {"name": "字" * 51}},
        {"address": ADDRESS | {"phone": "12345678901"}},
        {"couponId": True},
        {"remark": " 好"},
        {"remark": "字" * 201},
    ],
)
def test_what_is_unusual_is_left_to_the_serializer(changes: dict[str, Any]) -> None:
    assert plain_request(BODY) is not None
    assert plain_request(BODY | changes) is None
