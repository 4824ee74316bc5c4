"""The first page: what waits for somebody, and how the shop is doing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orders.admin import badges
from orders.admin.home_figures import figures_shown
from shop.admin import failed_jobs_badge

FIGURES_PERMISSION = "orders.view_dailyfigures"
# A desk's list, what narrows it to what waits, and the count of that.
_DESKS = (
    ("待发货", "local_shipping", "orders.order", "stage=to_ship", badges.to_ship),
    ("买家催发货", "alarm", "orders.order", "needs=reminded", badges.reminded),
    (
        "待处理退款",
        "currency_exchange",
        "orders.refund",
        "state=requested",
        badges.requested_refunds,
    ),
    (
        "待收退货",
        "assignment_return",
        "orders.refund",
        "state=returning",
        badges.returned_refunds,
    ),
    ("退款失败", "money_off", "orders.refund", "state=failed", badges.failed_refunds),
    ("待审核评价", "reviews", "orders.review", "", badges.waiting_reviews),
    ("支付异常", "report", "orders.paymentanomaly", "", badges.open_anomalies),
    ("对账差异", "difference", "orders.billdifference", "", badges.open_differences),
    (
        "发货上报失败",
        "outbox",
        "orders.shippingupload",
        "state__exact=failed",
        badges.failed_uploads,
    ),
    (
        "后台任务失败",
        "schedule",
        "procrastinate.procrastinatejob",
        "status=failed",
        failed_jobs_badge,
    ),
    ("需补货", "warehouse", "catalog.sku", "stock=low", badges.low_stock),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for somebody, and the list that shows it."""

    word: str
    icon: str
    url: str
    count: int


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the admin's first page; figures are for those who may see them."""
    user: Any = request.user
    context |= {
        "title": "首页",
        "greeting": _greeting(user),
        "waiting": list(_waiting(request)),
        "first_desk": _first_desk(context["sidebar_navigation"]),
    }
    if user.has_perm(FIGURES_PERMISSION):
        context |= figures_shown(has_links=user.has_perm("catalog.view_product"))
    return context


def _greeting(user: User) -> str:
    hour = timezone.localtime().hour
    word = "早上好" if 5 <= hour < 12 else "下午好" if 12 <= hour < 18 else "晚上好"
    return f"{word},{user.nickname or user.username}"


def _waiting(request: HttpRequest) -> Iterator[Waiting]:
    """Yield what waits in the lists that this person may see."""
    for word, icon, model, query, count_of in _DESKS:
        app, name = model.split(".")
        if not request.user.has_perm(f"{app}.view_{name}"):
            continue
        if count := count_of(request):
            url = reverse(f"admin:{app}_{name}_changelist")
            yield Waiting(word, icon, f"{url}?{query}" if query else url, count)


def _first_desk(groups: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the first of the sidebar's entries that this person may open."""
    index = reverse("admin:index")
    entries = (item for group in groups for item in group["items"])
    return next(
        (one for one in entries if one["has_permission"] and one["link"] != index), None
    )
