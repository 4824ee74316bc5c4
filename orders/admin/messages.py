"""The messages to shoppers: which were sent, refused, or failed."""

from django.contrib import admin
from unfold.decorators import display

from orders.admin.cells import link
from orders.admin.read_only import ReadOnlyDesk
from orders.models import MessageState, SubscribeMessage
from shop.back_office.day_range import DayRangeFilter


@admin.register(SubscribeMessage)
class SubscribeMessageDesk(ReadOnlyDesk):
    """All messages, newest first."""

    list_display = (
        "order_no",
        "kind",
        "state_label",
        "error",
        "errcode",
        "tries",
        "created_at",
        "sent_at",
    )
    list_filter = ("state", "kind", ("created_at", DayRangeFilter))
    list_filter_submit = True
    list_select_related = ("order",)
    ordering = ("-pk",)
    search_fields = ("order__order_no__startswith",)
    search_help_text = "订单号"
    fields = (
        ("order_link", "kind"),
        ("state_label", "tries"),
        ("error", "errcode"),
        ("created_at", "sent_at"),
    )

    @display(description="订单号", ordering="order")
    def order_no(self, message: SubscribeMessage) -> str:
        return message.order.order_no

    @display(
        description="状态",
        label={
            MessageState.PENDING.label: "warning",
            MessageState.SENT.label: "success",
            MessageState.REFUSED.label: "default",
            MessageState.FAILED.label: "danger",
        },
    )
    def state_label(self, message: SubscribeMessage) -> str:
        return message.get_state_display()

    @display(description="订单")
    def order_link(self, message: SubscribeMessage) -> str:
        return link("orders_order_change", message.order)
