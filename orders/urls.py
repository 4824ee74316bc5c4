"""Routes of cart, orders, payments and refunds, and of the account as a whole."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from orders.views import (
    AccountExportView,
    AccountView,
    CartViewSet,
    CouponViewSet,
    OrderRefundViewSet,
    OrderReviewViewSet,
    OrderViewSet,
    PaymentNotificationView,
    ProductReviewsView,
    RefundViewSet,
    ReviewViewSet,
)

router = SimpleRouter(trailing_slash=False)
router.register("cart", CartViewSet, basename="cart")
router.register("orders", OrderViewSet, basename="order")
router.register("coupons", CouponViewSet, basename="coupon")
router.register("refunds", RefundViewSet, basename="refund")
router.register(
    f"orders/(?P<orderNo>{OrderViewSet.lookup_value_regex})/refunds",
    OrderRefundViewSet,
    basename="order-refund",
)
router.register("reviews", ReviewViewSet, basename="review")
router.register(
    f"orders/(?P<orderNo>{OrderViewSet.lookup_value_regex})/reviews",
    OrderReviewViewSet,
    basename="order-review",
)

urlpatterns = [
    path("auth/user", AccountView.as_view(), name="account"),
    path("auth/user/export", AccountExportView.as_view(), name="account-export"),
    path("payments/wechat/notify", PaymentNotificationView.as_view(), name="notify"),
    path(
        "payments/wechat/refund-notify",
        PaymentNotificationView.as_view(),
        name="refund-notify",
    ),
    re_path(
        r"^products/(?P<id>[0-9]{1,19})/reviews$",
        ProductReviewsView.as_view(),
        name="product-reviews",
    ),
    *router.urls,
]
