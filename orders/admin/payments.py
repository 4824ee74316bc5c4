"""Payment attempts, to be read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from orders.admin.cells import link
from orders.admin.read_only import ReadOnlyDesk
from orders.admin.tables import refunds_table
from orders.models import Payment, PaymentState
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.figures import json_shown, money
from shop.back_office.tables import TABLES_TEMPLATE


@admin.register(Payment)
class PaymentDesk(ReadOnlyDesk):
    """All attempts, newest first."""

    list_display = (
        "out_trade_no",
        "state_label",
        "total",
        "transaction_id",
        "created_at",
        "paid_at",
    )
    list_filter = ("state", ("paid_at", DayRangeFilter))
    list_filter_submit = True
    standing_filters = (("多收款", "state__exact=undue"),)
    ordering = ("-pk",)
    # Beginnings, for which there are indexes; ours begins with the order's number.
    search_fields = ("out_trade_no__startswith", "transaction_id__startswith")
    search_help_text = "商户单号、微信单号或订单号"
    change_form_outer_after_template = TABLES_TEMPLATE
    fields = (
        ("out_trade_no", "order_link"),
        ("state_label", "total"),
        ("created_at", "expires_at"),
        ("transaction_id", "paid_at"),
        "refunded",
        "facts_text",
    )

    @display(
        description="状态",
        label={
            PaymentState.OPEN.label: "warning",
            PaymentState.SUCCEEDED.label: "success",
            PaymentState.CLOSED.label: "default",
            PaymentState.UNDUE.label: "danger",
        },
    )
    def state_label(self, payment: Payment) -> str:
        return payment.get_state_display()

    @display(description="金额", ordering="amount")
    def total(self, payment: Payment) -> str:
        return money(payment.amount)

    @display(description="订单")
    def order_link(self, payment: Payment) -> str:
        return link("orders_order_change", payment.order)

    @display(description="已退金额")
    def refunded(self, payment: Payment) -> str:
        return money(payment.refund_amount)

    @display(description="微信事实")
    def facts_text(self, payment: Payment) -> str:
        return "-" if payment.facts is None else json_shown(payment.facts)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Add the payment's refunds, for who may see refunds."""
        if request.user.has_perm("orders.view_refund"):
            table = refunds_table(context["original"].refunds.order_by("pk"))
            context["tables"] = [table] if table.rows else []
        return super().render_change_form(request, context, *args, **kwargs)
