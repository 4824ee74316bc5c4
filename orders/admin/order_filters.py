"""By what staff narrow the list of orders."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from orders.admin.order_search import product_ids
from orders.admin.stages import STAGES
from orders.admin.word_filter import WordFilter
from orders.models import (
    Order,
    OrderItem,
    OrderStatus,
    PaymentAnomaly,
    Refund,
    ShippingUpload,
    UploadState,
)
from shop.back_office.forms import id_typed
from shop.back_office.masking import shows_people

SHIP_WITHIN = timedelta(days=1)
# The sweep tries again all the time; within an hour WeChat has mostly answered.
CLOSE_WITHIN = timedelta(hours=1)


class StageFilter(DropdownFilter):
    """Narrow a list of orders to one stage."""

    title = "状态"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, stage.word) for name, stage in STAGES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        stage = STAGES.get(self.value() or "")
        return queryset.filter(stage.where) if stage else queryset


def _late() -> QuerySet[Any]:
    late = timezone.now() - SHIP_WITHIN
    return Order.objects.to_ship().filter(paid_at__lt=late).values(order=F("pk"))


def _stuck() -> QuerySet[Any]:
    # The statuses are those of closing orders. Each has a small index, which a list of
    # the two would not use.
    late = timezone.now() - CLOSE_WITHIN
    unpaid = Q(status=OrderStatus.PENDING, closing_at__lt=late)
    paid = Q(status=OrderStatus.PAID, closing_at__lt=late)
    return Order.objects.filter(unpaid | paid).values(order=F("pk"))


# Each is a handful of orders, which an index of its own knows.
NEEDS: Mapping[str, tuple[str, Callable[[], QuerySet[Any]]]] = {
    "ship": ("付款超过一天未发货", _late),
    "reminded": (
        "买家催发货",
        lambda: Order.objects.reminded().values(order=F("pk")),
    ),
    "refund": ("退款待处理", lambda: Refund.objects.waiting().values("order")),
    "closing": ("关闭超过一小时未完成", _stuck),
    "anomaly": (
        "支付异常未处理",
        lambda: PaymentAnomaly.objects.open().values("order"),
    ),
    "upload": (
        "发货上报失败",
        lambda: ShippingUpload.objects.filter(state=UploadState.FAILED).values("order"),
    ),
}
ANY = "any"


class NeedsHandFilter(DropdownFilter):
    """Narrow a list of orders to those that somebody must do something about."""

    title = "需要处理"
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(ANY, "所有需要处理的"), *((name, w) for name, (w, _) in NEEDS.items())]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.value() or ""
        if chosen == ANY:
            # One list of ids: beside an OR of these, every order would be read.
            first, *others = (orders() for _, orders in NEEDS.values())
            return queryset.filter(pk__in=first.union(*others))
        return (
            queryset.filter(pk__in=NEEDS[chosen][1]()) if chosen in NEEDS else queryset
        )


class ProductFilter(WordFilter):
    """By a product's number, or a part of its name or description."""

    title = "商品编号或名称"
    parameter_name = "product"

    def found(self, request: HttpRequest, queryset: Any, word: str) -> Any:
        product_id = id_typed(word)
        products = product_ids(word) if product_id is None else [product_id]
        lines = OrderItem.objects.filter(product__in=products)
        return queryset.filter(pk__in=lines.values("order"))


class ShopperFilter(WordFilter):
    """By a shopper's number, as the list of shoppers shows it."""

    title = "买家编号"
    parameter_name = "shopper"

    def found(self, request: HttpRequest, queryset: Any, word: str) -> Any:
        return queryset.filter(user=id_typed(word.removeprefix("用户")) or 0)


class PhoneFilter(WordFilter):
    """By how a receiver's phone begins; there is none for who sees it masked."""

    title = "收货手机号"
    parameter_name = "receiver_phone"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        super().__init__(request, *args)
        self._is_shown = shows_people(request)

    def has_output(self) -> bool:
        """Say whether it is shown; what is not does not narrow the list either."""
        return self._is_shown

    def found(self, request: HttpRequest, queryset: Any, word: str) -> Any:
        return queryset.filter(phone__startswith=word)
