"""Orders and refunds on the wire."""

from orders.serializers.orders import (
    CountsSerializer,
    OrderFilterSerializer,
    OrderRequestSerializer,
    OrderSerializer,
    PaymentParametersSerializer,
    PreviewRequestSerializer,
    QuoteSerializer,
    ReasonSerializer,
)
from orders.serializers.refunds import (
    RefundFilterSerializer,
    RefundRequestSerializer,
    RefundSerializer,
)

__all__ = [
    "CountsSerializer",
    "OrderFilterSerializer",
    "OrderRequestSerializer",
    "OrderSerializer",
    "PaymentParametersSerializer",
    "PreviewRequestSerializer",
    "QuoteSerializer",
    "ReasonSerializer",
    "RefundFilterSerializer",
    "RefundRequestSerializer",
    "RefundSerializer",
]
