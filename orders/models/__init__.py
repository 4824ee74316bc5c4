"""The deal: orders and their states, payments, shipments."""

from orders.models.order import Order, OrderEvent, OrderItem, OrderStatus
from orders.models.payment import Payment, PaymentState
from orders.models.shipment import Shipment

__all__ = [
    "Order",
    "OrderEvent",
    "OrderItem",
    "OrderStatus",
    "Payment",
    "PaymentState",
    "Shipment",
]
