"""Refunds as staff see them: what waits first, and what may be done with it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timesince import timesince
from unfold.decorators import display

from orders.admin.cells import link, pictures_drawn
from orders.admin.order_page import TRACED
from orders.admin.read_only import ReadOnlyDesk
from orders.admin.refund_actions import RefundActions
from orders.admin.refund_facts import amount_told, wechat_reason
from orders.admin.refund_tables import refund_tables
from orders.models import Refund, RefundState
from orders.models.refund_states import UNFINISHED, WAITING
from shop.admin.sheet_exports import SheetExports
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.figures import json_shown, money
from shop.back_office.masking import name_masked, shows_people
from shop.back_office.tables import TABLES_TEMPLATE
from shop.back_office.to_do_filter import ToDoFilter

_AGREED, _SECOND = "agreed", "待第二人审批"
_COLOURS = {
    _SECOND: "warning",
    RefundState.REQUESTED.label: "warning",
    RefundState.TO_RETURN.label: "info",
    RefundState.RETURNING.label: "warning",
    RefundState.APPROVED.label: "info",
    RefundState.PROCESSING.label: "info",
    RefundState.SUCCEEDED.label: "success",
    RefundState.FAILED.label: "danger",
    RefundState.REJECTED.label: "default",
    RefundState.WITHDRAWN.label: "default",
}

_TURNS = {
    RefundState.REQUESTED.value: "等客服处理",
    RefundState.TO_RETURN.value: "等买家寄回",
    RefundState.RETURNING.value: "等收退货",
    RefundState.APPROVED.value: "等提交微信",
    RefundState.PROCESSING.value: "等微信退款",
    RefundState.FAILED.value: "等处理失败原因",
}
# What brings it on, of all that may be done with it.
_MAIN = ("agree_return", "receive", "confirm", "retry")

_OWN = (
    ("order_link", "buyer"),
    ("state_label", "way"),
    ("total", "created_at"),
    "reason",
)
_WECHAT = (
    "微信",
    {
        "fields": (
            ("payment_link", "out_refund_no"),
            ("accepted_at", "succeeded_at"),
            "wechat_text",
            "facts_text",
        )
    },
)


def _rows(refund: Refund) -> Iterator[Any]:
    """Yield the fields of a refund's page, without those that say nothing of it."""
    yield from _OWN
    yield refund.images and "pictures"
    yield refund.return_address and ("return_address", "return_before")
    yield refund.returned_at and ("parcel", "returned_at")
    yield refund.kept_amount and "kept"
    yield refund.agreed_at and ("agreed_by", "agreed_at")
    yield refund.answer and "answer"
    yield refund.granted_at and ("granted_at", "restocked")


def _age(since: datetime) -> str:
    """Return how long ago that was, in the largest unit."""
    is_new = timezone.now() - since < timedelta(minutes=1)
    return "不到1分钟" if is_new else timesince(since, depth=1)


def _masked(names: Any, request: HttpRequest) -> Any:
    """Return the names of fields, that of the buyer masked where it must be."""
    if shows_people(request) or isinstance(names, str):
        return names
    return tuple("masked_buyer" if name == "buyer" else name for name in names)


class RefundFilter(ToDoFilter):
    """Narrow the list to what staff must do something about, or to one state."""

    parameter_name = "state"
    other_choices = ((_AGREED, _SECOND), *RefundState.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset.waiting()
        if value == _AGREED:
            return queryset.agreed()
        return queryset.filter(state=value) if value in RefundState else queryset


@admin.register(Refund)
class RefundDesk(SheetExports, RefundActions, ReadOnlyDesk):
    """Refunds, newest first; the list opens with those that wait for staff."""

    list_display = (
        *("refund_no", "state_label", "total", "buyer", "why"),
        *("turn", "order_link"),
    )
    list_filter = (RefundFilter, "kind", "is_return", ("created_at", DayRangeFilter))
    list_filter_submit = True
    standing_filters = (
        (_SECOND, f"state={_AGREED}"),
        ("待收退货", "state=returning"),
        ("退款失败", "state=failed"),
    )
    ordering = ("-pk",)
    actions = ("export_chosen",)
    actions_list = ("export",)
    export_kinds = ("refunds",)
    search_fields = ("refund_no",)
    search_help_text = "退款单号、商户退款单号或订单号的开头"
    change_form_outer_before_template = "admin/refund_next.html"
    change_form_outer_after_template = TABLES_TEMPLATE

    def get_queryset(self, request: HttpRequest) -> Any:
        """Bring along what the page shows."""
        related = ("order", "payment", "agreed_by")
        return super().get_queryset(request).select_related(*related)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Mask who bought for those who need not know."""
        return _masked(self.list_display, request)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search for what the word looks like."""
        word = search_term.strip()
        return (queryset.having_word(word) if word else queryset), False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what there is to know.

        What WeChat knows of the payment is kept from who may not see payments.
        """
        rows = _OWN if obj is None else [*filter(None, _rows(obj))]
        own = (None, {"fields": [_masked(names, request) for names in rows]})
        sees_payments = request.user.has_perm("orders.view_payment")
        return (own, _WECHAT) if sees_payments else (own,)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Add what to do next above the refund's own fields, and the tables below."""
        refund = context["original"]
        context["lines"], context["tables"] = refund_tables(refund)
        if following := self._next(request, refund):
            # Its buttons stand there, and not a second time above.
            context |= {"next": following, "actions_detail": []}
        return super().render_change_form(request, context, *args, **kwargs)

    def _next(self, request: HttpRequest, refund: Refund) -> dict[str, Any] | None:
        """Return what waits for staff, in words, and what they may do about it."""
        if refund.state not in WAITING:
            return None
        offered = self.get_actions_detail(request, refund.pk)
        return {
            "told": self.turn(refund),
            "amount": amount_told(refund),
            "reason": refund.reason,
            "deeds": [self._deed(one, refund) for one in offered],
        }

    def _deed(self, offered: Any, refund: Refund) -> dict[str, Any]:
        name = f"{self.admin_site.name}:{offered.action_name}"
        return {
            "title": offered.description,
            "url": reverse(name, args=[refund.pk]),
            "is_main": self._is_main(offered.method.original_function_name, refund),
        }

    def _is_main(self, name: str, refund: Refund) -> bool:
        # Of a return it would skip the goods.
        return name in _MAIN or (name == "approve" and not refund.is_return)

    @display(description="状态", label=_COLOURS)
    def state_label(self, refund: Refund) -> str:
        return _SECOND if refund.is_agreed else refund.get_state_display()

    @display(description="金额", ordering="amount")
    def total(self, refund: Refund) -> str:
        return amount_told(refund)

    @display(description="少退金额")
    def kept(self, refund: Refund) -> str:
        return f"{money(refund.kept_amount)},以后不再退" if refund.kept_amount else "-"

    @display(description="买家")
    def buyer(self, refund: Refund) -> str:
        return refund.order.name or "-"

    @display(description="买家")
    def masked_buyer(self, refund: Refund) -> str:
        return name_masked(refund.order.name)

    @display(description="原因")
    def why(self, refund: Refund) -> str:
        return Truncator(refund.reason).chars(20) or "-"

    @display(description="进度")
    def turn(self, refund: Refund) -> str:
        """Say whose turn it is, and since when; what is over waits for nobody."""
        if refund.is_agreed:
            told = f"{refund.agreed_by}已同意,等第二人审批"
        elif refund.state in UNFINISHED:
            told = _TURNS[refund.state]
        else:
            return "-"
        since = refund.agreed_at or refund.returned_at or refund.created_at
        return f"{told},已等{_age(since)}"

    @display(description="订单")
    def order_link(self, refund: Refund) -> str:
        return link("orders_order_change", refund.order)

    @display(description="支付")
    def payment_link(self, refund: Refund) -> str:
        return link("orders_payment_change", refund.payment)

    @display(description="买家图片")
    def pictures(self, refund: Refund) -> str:
        return pictures_drawn(refund.images)

    @display(description="类型")
    def way(self, refund: Refund) -> str:
        kind = refund.get_kind_display()
        return f"{kind},退货退款" if refund.is_return else kind

    @display(description="退货包裹")
    def parcel(self, refund: Refund) -> str:
        """Lead to where it is, which the order's page tells."""
        page = reverse("admin:orders_order_change", args=[refund.order_id])
        return format_html(
            '{} <a href="{}?{}=1#traces" class="text-primary-600'
            ' dark:text-primary-500">查物流</a>',
            refund.return_parcel,
            page,
            TRACED,
        )

    @display(description="已发商品退回库存")
    def restocked(self, refund: Refund) -> str:
        return "是" if refund.is_restocked else "否"

    @display(description="微信原因")
    def wechat_text(self, refund: Refund) -> str:
        return wechat_reason(refund)

    @display(description="微信事实")
    def facts_text(self, refund: Refund) -> str:
        return "-" if refund.facts is None else json_shown(refund.facts)
