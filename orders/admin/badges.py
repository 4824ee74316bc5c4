"""What waits for somebody: the counts beside the sidebar's entries."""

from collections.abc import Mapping
from typing import Any, cast

from django.core.cache import cache
from django.db.models import Count, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from accounts.models import User
from catalog.models import Sku
from orders.models import (
    BillDifference,
    Order,
    PaymentAnomaly,
    Refund,
    RefundState,
    Review,
    ShippingUpload,
    UploadState,
)
from shop.back_office.badges import once_per_page

# No index knows what is low: it would name the stock, and each sale would have to
# write it. So all SKUs on sale are looked at, once in this time for everybody.
_LOW_STOCK = "orders.low_stock"
_LOW_STOCK_SECONDS = 60


def to_ship(request: HttpRequest) -> int:
    """Count what waits to be shipped, in whole or in part."""
    return _counts(request)["to_ship"]


def reminded(request: HttpRequest) -> int:
    """Count what shoppers have asked to be shipped."""
    return _counts(request)["reminded"]


def waiting_refunds(request: HttpRequest) -> int:
    """Count the refunds that staff must do something about."""
    counts = (requested_refunds, returned_refunds, failed_refunds)
    return sum(count(request) for count in counts)


def requested_refunds(request: HttpRequest) -> int:
    """Count the refunds that staff must answer."""
    return _counts(request)["requested_refunds"]


def returned_refunds(request: HttpRequest) -> int:
    """Count the refunds whose goods are on their way back."""
    return _counts(request)["returned_refunds"]


def failed_refunds(request: HttpRequest) -> int:
    """Count the refunds that WeChat did not make."""
    return _counts(request)["failed_refunds"]


def waiting_reviews(request: HttpRequest) -> int:
    """Count the reviews that staff must look at."""
    return _counts(request)["waiting_reviews"]


def open_anomalies(request: HttpRequest) -> int:
    """Count the odd money that nobody has looked at."""
    return _counts(request)["open_anomalies"]


def open_differences(request: HttpRequest) -> int:
    """Count what a bill and the books don't agree on, and nobody has dealt with."""
    return _counts(request)["open_differences"]


def failed_uploads(request: HttpRequest) -> int:
    """Count what WeChat would not take, for which the shop gets no money."""
    return _counts(request)["failed_uploads"]


def low_stock(request: HttpRequest) -> int:
    """Count the SKUs to be bought again, as it was up to a minute ago."""
    return _counts(request)["low_stock"]


@once_per_page
def _counts(request: HttpRequest) -> Mapping[str, int]:
    """Return all counts, which one statement finds, by indexes but for the stock's."""
    low_stock = cache.get(_LOW_STOCK)
    rows = _waiting() if low_stock is not None else {**_waiting(), **_low()}
    counts = {name: _count(found) for name, found in rows.items()}
    # A row to hang the counts on.
    reader = User.objects.filter(pk=cast(User, request.user).pk)
    found = cast(dict[str, int], reader.order_by().values(**counts).get())
    if low_stock is None:
        cache.set(_LOW_STOCK, found["low_stock"], _LOW_STOCK_SECONDS)
        return found
    return {**found, "low_stock": low_stock}


def _waiting() -> dict[str, QuerySet[Any]]:
    return {
        "to_ship": Order.objects.to_ship(),
        "reminded": Order.objects.reminded(),
        "requested_refunds": Refund.objects.filter(state=RefundState.REQUESTED),
        "returned_refunds": Refund.objects.filter(state=RefundState.RETURNING),
        "failed_refunds": Refund.objects.filter(state=RefundState.FAILED),
        "waiting_reviews": Review.objects.waiting(),
        "open_anomalies": PaymentAnomaly.objects.open(),
        "open_differences": BillDifference.objects.open(),
        "failed_uploads": ShippingUpload.objects.filter(state=UploadState.FAILED),
    }


def _low() -> dict[str, QuerySet[Any]]:
    return {"low_stock": Sku.objects.low()}


def _count(rows: QuerySet[Any]) -> Coalesce:
    of_all = rows.order_by().annotate(all=Value(1)).values("all")
    counted = of_all.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
