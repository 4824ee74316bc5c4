"""Odd money as staff see it: what happened, what was done, and who has looked."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from orders.admin.cells import link
from orders.admin.forms import NoteForm
from orders.admin.read_only import ReadOnlyDesk
from orders.admin.staff_actions import StaffActions, operator_id
from orders.models import PaymentAnomaly
from orders.services.anomalies import anomaly_handle
from shop.back_office.figures import json_shown
from shop.back_office.to_do_filter import ToDoFilter

_OPEN, _HANDLED = "未处理", "已处理"


class HandledFilter(ToDoFilter):
    """Narrow the list to what nobody has looked at, or to the rest."""

    parameter_name = "handled"
    to_do_word = _OPEN
    other_choices = (("yes", _HANDLED),)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset.open()
        return queryset.exclude(handled_at=None) if value == "yes" else queryset


@admin.register(PaymentAnomaly)
class AnomalyDesk(StaffActions, ReadOnlyDesk):
    """Anomalies, newest first; the list opens with those nobody has looked at."""

    list_display = (
        "kind",
        "state_label",
        "happened",
        "done",
        "order_link",
        "last_at",
    )
    list_filter = (HandledFilter, "kind")
    list_filter_submit = True
    ordering = ("-pk",)
    search_fields = (
        "order__order_no__startswith",
        "payment__out_trade_no__startswith",
        "payment__transaction_id__startswith",
        "refund__refund_no__startswith",
    )
    search_help_text = "订单号、退款单号、商户单号或微信单号的开头"
    actions_detail = ("handle",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("kind", "state_label"),
                    "happened",
                    "done",
                    ("order_link", "refund_link"),
                    ("times", "created_at"),
                    ("last_at", "handled_at"),
                    ("handled_by", "note"),
                )
            },
        ),
        ("微信", {"fields": ("payment_link", "facts_text")}),
    )

    def has_handle_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.handle_paymentanomaly")

    def state_told(self, row: Any | None) -> str:
        return f"该异常{self.state_label(row)}" if row else "该异常不存在"

    def get_queryset(self, request: HttpRequest) -> Any:
        """Bring along what is linked."""
        related = ("order", "payment", "refund", "handled_by")
        return super().get_queryset(request).select_related(*related)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what WeChat knows of the payment from who may not see payments."""
        fieldsets = super().get_fieldsets(request, obj)
        sees_payments = request.user.has_perm("orders.view_payment")
        return fieldsets if sees_payments else fieldsets[:-1]

    @action(
        description="标为已处理",
        url_path="handle",
        icon="task_alt",
        permissions=["view", "handle"],
    )
    def handle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that somebody has looked at it, and what came of it."""
        anomaly: PaymentAnomaly | None = self.row_for(request, object_id, "handle")
        if anomaly is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            anomaly_handle(
                anomaly_id=anomaly.pk,
                operator_id=operator_id(request),
                note=data["note"],
            )
            return f"已标为已处理:{data['note']}"

        return self.action_page(
            request,
            anomaly,
            title=f"标为已处理 {anomaly}",
            submit="标为已处理",
            form_class=NoteForm,
            perform=perform,
            lines={
                "类型": anomaly.get_kind_display(),
                "发生了什么": anomaly.happened,
                "系统做了什么": anomaly.done,
            },
        )

    @display(description="状态", label={_OPEN: "danger", _HANDLED: "success"})
    def state_label(self, anomaly: PaymentAnomaly) -> str:
        return _OPEN if anomaly.handled_at is None else _HANDLED

    @display(description="订单")
    def order_link(self, anomaly: PaymentAnomaly) -> str:
        return link("orders_order_change", anomaly.order)

    @display(description="支付")
    def payment_link(self, anomaly: PaymentAnomaly) -> str:
        return link("orders_payment_change", anomaly.payment)

    @display(description="退款")
    def refund_link(self, anomaly: PaymentAnomaly) -> str:
        return link("orders_refund_change", anomaly.refund)

    @display(description="微信事实")
    def facts_text(self, anomaly: PaymentAnomaly) -> str:
        return "-" if anomaly.facts is None else json_shown(anomaly.facts)
