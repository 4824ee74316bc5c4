"""What waits for somebody: the counts beside the sidebar's entries."""

from collections.abc import Mapping
from typing import Any, cast

from django.db.models import Count, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from accounts.models import User
from orders.models import (
    BillDifference,
    Order,
    PaymentAnomaly,
    Refund,
    RefundState,
    ShippingUpload,
    UploadState,
)
from shop.back_office.badges import once_per_page


def to_ship(request: HttpRequest) -> int:
    """Count what waits to be shipped, in whole or in part."""
    return _counts(request)["to_ship"]


def waiting_refunds(request: HttpRequest) -> int:
    """Count the refunds that staff must do something about."""
    return requested_refunds(request) + failed_refunds(request)


def requested_refunds(request: HttpRequest) -> int:
    """Count the refunds that staff must answer."""
    return _counts(request)["requested_refunds"]


def failed_refunds(request: HttpRequest) -> int:
    """Count the refunds that WeChat did not make."""
    return _counts(request)["failed_refunds"]


def open_anomalies(request: HttpRequest) -> int:
    """Count the odd money that nobody has looked at."""
    return _counts(request)["open_anomalies"]


def open_differences(request: HttpRequest) -> int:
    """Count what a bill and the books don't agree on, and nobody has dealt with."""
    return _counts(request)["open_differences"]


def failed_uploads(request: HttpRequest) -> int:
    """Count what WeChat would not take, for which the shop gets no money."""
    return _counts(request)["failed_uploads"]


@once_per_page
def _counts(request: HttpRequest) -> Mapping[str, int]:
    """Return all counts, which one statement finds by indexes."""
    rows = {
        "to_ship": Order.objects.to_ship(),
        "requested_refunds": Refund.objects.filter(state=RefundState.REQUESTED),
        "failed_refunds": Refund.objects.filter(state=RefundState.FAILED),
        "open_anomalies": PaymentAnomaly.objects.open(),
        "open_differences": BillDifference.objects.open(),
        "failed_uploads": ShippingUpload.objects.filter(state=UploadState.FAILED),
    }
    counts = {name: _count(found) for name, found in rows.items()}
    # A row to hang the counts on.
    reader = User.objects.filter(pk=cast(User, request.user).pk)
    return cast(Mapping[str, int], reader.order_by().values(**counts).get())


def _count(rows: QuerySet[Any]) -> Coalesce:
    of_all = rows.order_by().annotate(all=Value(1)).values("all")
    counted = of_all.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
