"""Orders written out: to the letter what OrderSerializer, and so the schema, says."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import settings as profile_of
from hypothesis import strategies as st

from orders.models import (
    Order,
    OrderItem,
    OrderStatus,
    Refund,
    RefundKind,
    RefundState,
    Shipment,
    ShipmentItem,
)
from orders.serializers import OrderSerializer, order_shown

ids = st.integers(1, 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
amounts = st.integers(0, 10**12 - 1).map(lambda fen: Decimal(fen).scaleb(-2)) | (
    st.just(Decimal(0))
)
times = st.integers(0, 3_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
images = st.sampled_from(["", "uploads/202601/a b.jpg", "https://cdn.example/茶.png"])

items = st.builds(
    OrderItem,
    pk=ids,
    product_id=ids,
    sku_id=ids,
    name=texts,
    specs=st.dictionaries(texts, texts, max_size=2),
    price=amounts,
    quantity=st.integers(1, 3),
    refund_quantity=st.integers(0, 3),
    image=images,
)
refunds = st.builds(
    Refund,
    state=st.sampled_from(RefundState.values),
    kind=st.sampled_from(RefundKind.values),
    amount=amounts,
)
parts = st.builds(ShipmentItem, order_item_id=ids, quantity=st.integers(1, 999))
_OPTIONAL = ("paid_at", "shipped_at", "completed_at", "cancelled_at", "closing_at")


def few(rows: Any) -> Any:
    return st.lists(rows, max_size=2)


@st.composite
def parcels(draw: Any) -> Shipment:
    parcel = Shipment(pk=1, carrier=draw(texts), tracking_no=draw(texts))
    parcel.shipped_at = draw(times)
    parcel._prefetched_objects_cache = {"items": draw(few(parts))}
    return parcel


@st.composite
def orders(draw: Any) -> Order:
    """Return an order as `for_display()` reads it, whatever has become of it."""
    names = ("order_no", "name", "phone", "province", "city", "district", "detail")
    order = Order(
        pk=1,
        user_id=draw(ids),
        status=draw(st.sampled_from([*OrderStatus, *OrderStatus.values])),
        remark=draw(texts),
        replaced_by=draw(st.none() | st.builds(Order, pk=ids, order_no=texts)),
        **{name: draw(texts) for name in names},
        **{name: draw(st.none() | times) for name in _OPTIONAL},
        **{name: draw(times) for name in ("expires_at", "created_at", "updated_at")},
    )
    for name in ("goods_amount", "freight_amount", "discount_amount", "total_amount"):
        setattr(order, name, draw(amounts))
    order._prefetched_objects_cache = {
        "items": draw(few(items)),
        "shipments": draw(few(parcels())),
        "refunds": draw(few(refunds)),
    }
    return order


@profile_of(max_examples=40, deadline=None, database=None)
@given(order=orders())
def test_it_is_what_the_serializer_says(order: Order) -> None:
    said = OrderSerializer(order).data
    shown = order_shown(order)
    assert json.dumps(shown) == json.dumps(said)
