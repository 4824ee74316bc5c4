"""The orders' part of the back office."""

from orders.admin.anomalies import AnomalyDesk
from orders.admin.bill_checks import BillCheckDesk
from orders.admin.bill_differences import BillDifferenceDesk
from orders.admin.coupons import CouponDesk
from orders.admin.messages import SubscribeMessageDesk
from orders.admin.notices import NoticeDesk
from orders.admin.orders import OrderDesk
from orders.admin.payments import PaymentDesk
from orders.admin.refunds import RefundDesk
from orders.admin.reviews import ReviewDesk
from orders.admin.shipping_uploads import ShippingUploadDesk

__all__ = [
    "AnomalyDesk",
    "BillCheckDesk",
    "BillDifferenceDesk",
    "CouponDesk",
    "NoticeDesk",
    "OrderDesk",
    "PaymentDesk",
    "RefundDesk",
    "ReviewDesk",
    "ShippingUploadDesk",
    "SubscribeMessageDesk",
]
