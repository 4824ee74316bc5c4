"""The deal: carts, orders and their states, payments, refunds, bills, shipments."""

from orders.models.address_change import OrderAddressChange
from orders.models.anomaly import AnomalyKind, PaymentAnomaly
from orders.models.cart_item import CartItem
from orders.models.coupon import Coupon, CouponKind, CouponScope, CouponStatus
from orders.models.coupon_claim import ClaimStatus, CouponClaim
from orders.models.event import OrderEvent
from orders.models.figures import DailyFigures, DailyProductSales
from orders.models.flash_sale_taking import FlashSaleTaking
from orders.models.message import MessageKind, MessageState, SubscribeMessage
from orders.models.note import OrderNote
from orders.models.notice import PaymentNotice
from orders.models.order import Order
from orders.models.order_item import OrderItem
from orders.models.order_states import OrderStatus
from orders.models.payment import Payment, PaymentState
from orders.models.price_change import OrderPriceChange
from orders.models.reconciliation import (
    BillCheck,
    BillDifference,
    CheckResult,
    DifferenceKind,
)
from orders.models.refund import Refund
from orders.models.refund_lines import RefundEvent, RefundItem
from orders.models.refund_states import RefundDeed, RefundKind, RefundState
from orders.models.review import (
    Review,
    ReviewAppend,
    ReviewEvent,
    ReviewState,
    ReviewTally,
)
from orders.models.shipment import Shipment, ShipmentItem
from orders.models.shipping_upload import ShippingUpload, UploadState

__all__ = [
    "AnomalyKind",
    "BillCheck",
    "BillDifference",
    "CartItem",
    "CheckResult",
    "ClaimStatus",
    "Coupon",
    "CouponClaim",
    "CouponKind",
    "CouponScope",
    "CouponStatus",
    "DailyFigures",
    "DailyProductSales",
    "DifferenceKind",
    "FlashSaleTaking",
    "MessageKind",
    "MessageState",
    "Order",
    "OrderAddressChange",
    "OrderEvent",
    "OrderItem",
    "OrderNote",
    "OrderPriceChange",
    "OrderStatus",
    "Payment",
    "PaymentAnomaly",
    "PaymentNotice",
    "PaymentState",
    "Refund",
    "RefundDeed",
    "RefundEvent",
    "RefundItem",
    "RefundKind",
    "RefundState",
    "Review",
    "ReviewAppend",
    "ReviewEvent",
    "ReviewState",
    "ReviewTally",
    "Shipment",
    "ShipmentItem",
    "ShippingUpload",
    "SubscribeMessage",
    "UploadState",
]
