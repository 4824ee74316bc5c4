"""Refunds as staff see them: what waits first, and what may be done with it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.decorators import display

from catalog.admin.pictures import thumbnail
from orders.admin.cells import link
from orders.admin.read_only import ReadOnlyDesk
from orders.admin.refund_actions import RefundActions, wechat_reason
from orders.admin.refund_tables import refund_tables
from orders.models import Refund, RefundState
from shop.admin.sheet_exports import SheetExports
from shop.api.images import image_url
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.figures import json_shown, money
from shop.back_office.tables import TABLES_TEMPLATE
from shop.back_office.to_do_filter import ToDoFilter

_COLOURS = {
    RefundState.REQUESTED.label: "warning",
    RefundState.APPROVED.label: "info",
    RefundState.PROCESSING.label: "info",
    RefundState.SUCCEEDED.label: "success",
    RefundState.FAILED.label: "danger",
    RefundState.REJECTED.label: "default",
    RefundState.WITHDRAWN.label: "default",
}


class RefundFilter(ToDoFilter):
    """Narrow the list to what staff must do something about, or to one state."""

    parameter_name = "state"
    other_choices = RefundState.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset.waiting()
        return queryset.filter(state=value) if value in RefundState else queryset


@admin.register(Refund)
class RefundDesk(SheetExports, RefundActions, ReadOnlyDesk):
    """Refunds, newest first; the list opens with those that wait for staff."""

    list_display = (
        "refund_no",
        "order_link",
        "kind",
        "state_label",
        "total",
        "created_at",
    )
    list_filter = (RefundFilter, "kind", ("created_at", DayRangeFilter))
    list_filter_submit = True
    ordering = ("-pk",)
    actions = ("export_chosen",)
    actions_list = ("export",)
    export_kinds = ("refunds",)
    search_fields = ("refund_no",)
    search_help_text = "退款单号、商户退款单号或订单号的开头"
    change_form_outer_after_template = TABLES_TEMPLATE
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("refund_no", "state_label"),
                    ("order_link", "kind"),
                    ("total", "created_at"),
                    "reason",
                    "pictures",
                    ("answer", "restocked"),
                )
            },
        ),
        (
            "微信",
            {
                "fields": (
                    ("payment_link", "out_refund_no"),
                    ("accepted_at", "succeeded_at"),
                    "wechat_text",
                    "facts_text",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Bring along what the page shows."""
        return super().get_queryset(request).select_related("order", "payment")

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search for what the word looks like."""
        word = search_term.strip()
        return (queryset.having_word(word) if word else queryset), False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what WeChat knows of the payment from who may not see payments."""
        fieldsets = super().get_fieldsets(request, obj)
        sees_payments = request.user.has_perm("orders.view_payment")
        return fieldsets if sees_payments else fieldsets[:-1]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Add the tables below the refund's own fields."""
        context["tables"] = refund_tables(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="状态", label=_COLOURS)
    def state_label(self, refund: Refund) -> str:
        return refund.get_state_display()

    @display(description="金额", ordering="amount")
    def total(self, refund: Refund) -> str:
        return money(refund.amount)

    @display(description="订单")
    def order_link(self, refund: Refund) -> str:
        return link("orders_order_change", refund.order)

    @display(description="支付")
    def payment_link(self, refund: Refund) -> str:
        return link("orders_payment_change", refund.payment)

    @display(description="买家图片")
    def pictures(self, refund: Refund) -> str:
        """Draw them small; each leads to the whole."""
        shown = [(image_url(name), thumbnail(name)) for name in refund.images]
        whole = (
            '<a href="{}" target="_blank" rel="noopener" class="inline-block">{}</a>'
        )
        return format_html_join(" ", whole, shown) or "无"

    @display(description="已发商品退回库存")
    def restocked(self, refund: Refund) -> str:
        return "是" if refund.is_restocked else "否"

    @display(description="微信原因")
    def wechat_text(self, refund: Refund) -> str:
        return wechat_reason(refund)

    @display(description="微信事实")
    def facts_text(self, refund: Refund) -> str:
        return "-" if refund.facts is None else json_shown(refund.facts)
