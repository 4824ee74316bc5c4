"""Payment attempts, to be read."""

from django.contrib import admin
from unfold.decorators import display

from orders.admin.read_only import ReadOnlyDesk
from orders.admin.tables import link
from orders.models import Payment, PaymentState
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.figures import json_shown, money


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
    list_filter = ("state", ("created_at", DayRangeFilter))
    list_filter_submit = True
    ordering = ("-pk",)
    # Beginnings, for which there are indexes; ours begins with the order's number.
    search_fields = ("out_trade_no__startswith", "transaction_id__startswith")
    search_help_text = "商户单号、微信单号或订单号"
    fields = (
        ("out_trade_no", "order_link"),
        ("state_label", "total"),
        ("created_at", "expires_at"),
        ("transaction_id", "paid_at"),
        "facts_text",
    )

    @display(
        description="状态",
        label={
            PaymentState.OPEN.label: "warning",
            PaymentState.SUCCEEDED.label: "success",
            PaymentState.CLOSED.label: "default",
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

    @display(description="微信事实")
    def facts_text(self, payment: Payment) -> str:
        return "-" if payment.facts is None else json_shown(payment.facts)
