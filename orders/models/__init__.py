"""The deal: orders and their states, payments, shipments."""

from orders.models.event import OrderEvent
from orders.models.order import Order, OrderItem, OrderStatus
from orders.models.payment import Payment, PaymentState
from orders.models.price_change import OrderPriceChange
from orders.models.shipment import Shipment, ShipmentItem

__all__ = [
    "Order",
    "OrderEvent",
    "OrderItem",
    "OrderPriceChange",
    "OrderStatus",
    "Payment",
    "PaymentState",
    "Shipment",
    "ShipmentItem",
]
