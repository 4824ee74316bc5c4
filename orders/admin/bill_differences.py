"""What a day's bill and our books say differently, and who has dealt with it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from orders.admin.cells import link
from orders.admin.forms import NoteForm
from orders.admin.read_only import ReadOnlyDesk
from orders.admin.staff_actions import StaffActions, operator_id
from orders.models import BillDifference
from orders.services.reconciling import difference_resolve
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.to_do_filter import ToDoFilter

_OPEN, _RESOLVED = "未处理", "已处理"


class ResolvedFilter(ToDoFilter):
    """Narrow the list to what nobody has dealt with, or to the rest."""

    parameter_name = "state"
    to_do_word = _OPEN
    other_choices = (("resolved", _RESOLVED),)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset.open()
        if value == "resolved":
            return queryset.exclude(resolved_at=None)
        return queryset


@admin.register(BillDifference)
class BillDifferenceDesk(StaffActions, ReadOnlyDesk):
    """Differences, newest first; the list opens with those nobody has dealt with."""

    list_display = (
        "number",
        "kind",
        "state_label",
        "day",
        "bill_says",
        "shop_says",
        "done",
    )
    list_filter = (ResolvedFilter, "kind", ("bill_check__day", DayRangeFilter))
    list_filter_submit = True
    list_select_related = ("bill_check",)
    ordering = ("-pk",)
    search_fields = ("number__startswith",)
    search_help_text = "商户单号、退款单号或订单号"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "state_label"),
                    ("kind", "day"),
                    ("bill_says", "shop_says"),
                    ("order_link", "found_at"),
                    "done",
                    ("resolved_at", "resolved_by"),
                    "note",
                )
            },
        ),
    )
    actions_detail = ("resolve",)

    def has_resolve_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.resolve_billdifference")

    def state_told(self, row: Any | None) -> str:
        return f"该差异{self.state_label(row)}" if row else "该差异不存在"

    @action(
        description="标为已处理",
        url_path="resolve",
        icon="task_alt",
        permissions=["view", "resolve"],
    )
    def resolve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what came of it."""
        difference: BillDifference | None = self.row_for(request, object_id, "resolve")
        if difference is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            difference_resolve(
                difference_id=difference.pk,
                operator_id=operator_id(request),
                note=data["note"],
            )
            return f"已标为已处理:{data['note']}"

        return self.action_page(
            request,
            difference,
            title=f"标为已处理 {difference}",
            submit="标为已处理",
            form_class=NoteForm,
            perform=perform,
            lines={
                "账单日期": str(difference.bill_check),
                "账单": difference.bill_says or "-",
                "系统": difference.shop_says or "-",
                "系统做了什么": difference.done or "-",
            },
        )

    @display(description="状态", label={_OPEN: "danger", _RESOLVED: "success"})
    def state_label(self, difference: BillDifference) -> str:
        return _OPEN if difference.resolved_at is None else _RESOLVED

    @display(description="账单日期", ordering="bill_check__day")
    def day(self, difference: BillDifference) -> str:
        return str(difference.bill_check)

    @display(description="订单")
    def order_link(self, difference: BillDifference) -> str:
        return link("orders_order_change", difference.order)
