"""Coupons: made by staff, claimed by shoppers, used by orders and given back."""

from orders.services.coupons.claiming import coupon_claim, coupon_give
from orders.services.coupons.editing import (
    OPEN_FIELDS,
    TARGETS_MAX,
    CouponFields,
    coupon_copy,
    coupon_create,
    coupon_end,
    coupon_publish,
    coupon_update,
)
from orders.services.coupons.figures import FIGURES_MAX, CouponFigures, coupon_figures
from orders.services.coupons.offering import (
    Offer,
    coupons_offered,
    offer_of,
    problem_told,
)
from orders.services.coupons.using import (
    coupon_give_back,
    coupon_give_back_if_refunded,
    coupon_hold,
    coupon_use_again,
)

__all__ = [
    "FIGURES_MAX",
    "OPEN_FIELDS",
    "TARGETS_MAX",
    "CouponFields",
    "CouponFigures",
    "Offer",
    "coupon_claim",
    "coupon_copy",
    "coupon_create",
    "coupon_end",
    "coupon_figures",
    "coupon_give",
    "coupon_give_back",
    "coupon_give_back_if_refunded",
    "coupon_hold",
    "coupon_publish",
    "coupon_update",
    "coupon_use_again",
    "coupons_offered",
    "offer_of",
    "problem_told",
]
