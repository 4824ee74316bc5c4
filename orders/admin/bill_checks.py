"""The days whose bill was compared with our books."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from orders.admin.read_only import ReadOnlyDesk
from orders.admin.staff_actions import StaffActions
from orders.models import BillCheck, CheckResult
from orders.services.reconciling import bill_check_later
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.figures import money

_OPEN = Q(differences__isnull=False, differences__resolved_at=None)


@admin.register(BillCheck)
class BillCheckDesk(StaffActions, ReadOnlyDesk):
    """All days, newest first."""

    list_display = (
        "day",
        "result_label",
        "paid",
        "refunded",
        "open_count",
        "error",
        "checked_at",
    )
    list_filter = ("result", ("day", DayRangeFilter))
    list_filter_submit = True
    ordering = ("-day",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("day", "result_label"),
                    ("checked_at", "differences_link"),
                    "error",
                )
            },
        ),
        (
            "微信账单",
            {"fields": (("bill_paid_sum", "bill_refunded_sum"), "other_rows")},
        ),
        ("系统", {"fields": (("shop_paid_sum", "shop_refunded_sum"),)}),
    )
    actions_detail = ("run",)

    def has_run_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.run_billcheck")

    def state_told(self, row: Any | None) -> str:
        return "微信只保留三个月内的账单" if row else "该对账不存在"

    def get_queryset(self, request: HttpRequest) -> Any:
        """Count what is open, in the same statement."""
        rows = super().get_queryset(request)
        return rows.annotate(open_count=Count("differences", filter=_OPEN))

    @action(
        description="重新对账",
        url_path="run",
        icon="sync",
        permissions=["view", "run"],
    )
    def run(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the worker check the day again."""
        check: BillCheck | None = self.row_for(request, object_id, "run")
        if check is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            bill_check_later(day=check.day)
            return "已安排重新对账,请稍后刷新查看结果"

        return self.action_page(
            request,
            check,
            title=f"重新对账 {check}",
            submit="重新对账",
            form_class=Form,
            perform=perform,
            lines={
                "账单日期": str(check),
                "后果": "重新下载当日账单并逐笔比对;已处理的差异保持不变",
            },
        )

    @display(
        description="结果",
        label={
            CheckResult.MATCHED.label: "success",
            CheckResult.DIFFERENCES.label: "danger",
            CheckResult.FAILED.label: "warning",
        },
    )
    def result_label(self, check: BillCheck) -> str:
        return check.get_result_display()

    @display(description="付款(微信/系统)")
    def paid(self, check: BillCheck) -> str:
        return f"{money(check.bill_paid)} / {money(check.shop_paid)}"

    @display(description="退款(微信/系统)")
    def refunded(self, check: BillCheck) -> str:
        return f"{money(check.bill_refunded)} / {money(check.shop_refunded)}"

    @display(description="待处理差异")
    def open_count(self, check: BillCheck) -> int:
        count: int = check.open_count  # type: ignore[attr-defined]
        return count

    @display(description="差异")
    def differences_link(self, check: BillCheck) -> str:
        page = reverse("admin:orders_billdifference_changelist")
        day = check.day.isoformat()
        query = f"state=all&bill_check__day_from={day}&bill_check__day_to={day}"
        return format_html(
            '<a href="{}?{}" class="text-primary-600 dark:text-primary-500">'
            "{} 条待处理</a>",
            *(page, query, self.open_count(check)),
        )

    @display(description="付款")
    def bill_paid_sum(self, check: BillCheck) -> str:
        return _sum(check.bill_payments, check.bill_paid)

    @display(description="退款")
    def bill_refunded_sum(self, check: BillCheck) -> str:
        return _sum(check.bill_refunds, check.bill_refunded)

    @display(description="付款")
    def shop_paid_sum(self, check: BillCheck) -> str:
        return _sum(check.shop_payments, check.shop_paid)

    @display(description="退款")
    def shop_refunded_sum(self, check: BillCheck) -> str:
        return _sum(check.shop_refunds, check.shop_refunded)


def _sum(count: int, amount: Decimal) -> str:
    return f"{money(amount)},共 {count} 笔"
