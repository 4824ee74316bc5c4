"""Coupons as staff see them: what runs, what was claimed, and what it brought."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from catalog.models import Category, Product
from orders.admin.coupon_actions import (
    CouponActions,
    claim_period,
    claimed,
    validity,
)
from orders.admin.coupon_form import CouponForm
from orders.models import Coupon, CouponScope, CouponStatus
from orders.services.coupons import (
    FIGURES_MAX,
    CouponFigures,
    coupon_create,
    coupon_figures,
    coupon_update,
)
from shop.back_office.calendar import CalendarDesk, Span
from shop.back_office.figures import money
from shop.back_office.paginator import CappedPaginator

_DRAFT, _COMING, _RUNNING = "草稿", "未开始", "领取中"
_GONE, _OVER, _ENDED = "已领完", "领取结束", "已结束"
_COLOURS = {
    _DRAFT: "default",
    _COMING: "info",
    _RUNNING: "success",
    _GONE: "warning",
    _OVER: "default",
    _ENDED: "default",
}
_FORM = (
    (
        "优惠",
        {
            "fields": (
                "title",
                ("kind", "percent_off"),
                ("minimum_amount", "amount"),
                "scope",
                "categories",
                "products",
            )
        },
    ),
    (
        "领取",
        {"fields": (("total_limit", "user_limit"), ("claim_from", "claim_until"))},
    ),
    ("使用", {"fields": ("valid_days", ("valid_from", "valid_until"), "version")}),
)
_SHOWN = (
    ("优惠", {"fields": ("title", "terms_shown", "targets_shown")}),
    ("领取", {"fields": ("claimed_shown", "user_limit", "claim_period_shown")}),
    ("使用", {"fields": ("validity_shown",)}),
)
_FIGURES = ("数据", {"fields": ("state_label", "figures_shown")})


def state_of(coupon: Coupon) -> str:
    """Say how a coupon stands now."""
    now = timezone.now()
    if coupon.status != CouponStatus.PUBLISHED:
        return _DRAFT if coupon.status == CouponStatus.DRAFT else _ENDED
    if now < coupon.claim_from:
        return _COMING
    ends = [end for end in (coupon.claim_until, coupon.valid_until) if end]
    if any(end <= now for end in ends):
        return _OVER
    return _GONE if coupon.left == 0 else _RUNNING


class StateFilter(DropdownFilter):
    """Narrow the list by what staff have done, or to what can be claimed now."""

    title = "状态"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("running", _RUNNING), *CouponStatus.choices]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "running":
            return queryset.claimable(timezone.now())
        known = self.value() in CouponStatus
        return queryset.filter(status=self.value()) if known else queryset


@admin.register(Coupon)
class CouponDesk(CouponActions, CalendarDesk):
    """Coupons, newest first, written by the services."""

    form = CouponForm
    conditional_fields = {
        "percent_off": "kind == 'percentage'",
        "categories": "scope == 'categories'",
        "products": "scope == 'products'",
    }
    list_display = (
        *("title", "state_label", "terms_shown", "claimed_shown"),
        *("claim_period_shown", "validity_shown"),
    )
    list_filter = (StateFilter,)
    list_filter_submit = True
    standing_filters = ((_RUNNING, "state=running"), (_DRAFT, "state=draft"))
    search_fields = ("title",)
    search_help_text = "按名称搜索"
    ordering = ("-pk",)
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    readonly_fields = (
        *("state_label", "figures_shown", "terms_shown", "targets_shown"),
        *("claimed_shown", "claim_period_shown", "validity_shown"),
    )
    actions: Any = None
    calendar_title = "优惠券日历"

    def calendar_spans(self, begin: datetime, end: datetime) -> Iterator[Span]:
        """Read what can be claimed when, and the drafts among it."""
        for coupon in Coupon.objects.running(begin, end).order_by("claim_from", "pk"):
            is_draft = coupon.status == CouponStatus.DRAFT
            yield Span(
                begins_at=coupon.claim_from,
                ends_at=coupon.claim_until,
                label=f"{_DRAFT} {coupon}" if is_draft else str(coupon),
                hint=f"{coupon.terms},领取{claim_period(coupon)}",
                url=self.object_url(coupon),
            )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.status != CouponStatus.ENDED
        return super().has_change_permission(request, obj) and is_open

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what is fixed in words to who may not change it."""
        if obj is None:
            return _FORM
        is_written = self.has_change_permission(request, obj)
        return (_FIGURES, *(_FORM if is_written else _SHOWN))

    def save_model(
        self, request: HttpRequest, obj: Coupon, form: CouponForm, change: bool
    ) -> None:
        """Add or change it by the service."""
        written = form.written()
        if change:
            version = form.cleaned_data["version"]
            coupon_update(coupon_id=obj.pk, expected_version=version, written=written)
        else:
            obj.pk = coupon_create(written=written).pk
        obj.title = written.title

    @display(description="状态", label=_COLOURS)
    def state_label(self, coupon: Coupon) -> str:
        return state_of(coupon)

    @display(description="优惠")
    def terms_shown(self, coupon: Coupon) -> str:
        return coupon.terms

    @display(description="适用范围")
    def targets_shown(self, coupon: Coupon) -> str:
        """Name the categories or products."""
        if coupon.scope == CouponScope.ALL:
            return coupon.get_scope_display()
        model: Any = Category if coupon.scope == CouponScope.CATEGORIES else Product
        rows = model.objects.filter(pk__in=coupon.target_ids).order_by("pk")
        return f"{coupon.get_scope_display()}:{'、'.join(map(str, rows))}"

    @display(description="领取")
    def claimed_shown(self, coupon: Coupon) -> str:
        return claimed(coupon)

    @display(description="领取时间")
    def claim_period_shown(self, coupon: Coupon) -> str:
        return claim_period(coupon)

    @display(description="使用时间")
    def validity_shown(self, coupon: Coupon) -> str:
        return validity(coupon)

    @display(description="效果")
    def figures_shown(self, coupon: Coupon) -> str:
        """Add up what was used, and what its paid orders came to."""
        found = self._figures(coupon)
        if found is None:
            return f"{claimed(coupon)} · 已使用超过{FIGURES_MAX},不再合计金额"
        return (
            f"{claimed(coupon)} · 已使用{found.used}"
            f" · 优惠{money(found.discount_amount)}"
            f" · 订单金额{money(found.order_amount)}"
        )

    def _figures(self, coupon: Any) -> CouponFigures | None:
        """Return them, read once: a page asks for a field several times."""
        if not hasattr(coupon, "_figures"):
            coupon._figures = coupon_figures(coupon_id=coupon.pk)
        figures: CouponFigures | None = coupon._figures
        return figures
