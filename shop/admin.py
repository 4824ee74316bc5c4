"""The desk of the queue: what the background work is doing, for reading."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

# Registers a desk of its own, whose actions ask for no permission.
from procrastinate.contrib.django import admin as _  # noqa: F401
from procrastinate.contrib.django.models import ProcrastinateJob
from unfold.decorators import display

from shop.back_office.desk import Desk

_STATUSES = {
    "todo": "等待",
    "doing": "执行中",
    "succeeded": "成功",
    "failed": "失败",
    "cancelled": "已取消",
    "aborted": "已中止",
}
_LABELS = {"等待": "info", "执行中": "warning", "成功": "success", "失败": "danger"}

admin.site.unregister(ProcrastinateJob)


@admin.register(ProcrastinateJob)
class JobDesk(Desk):
    """What waits, runs or has failed; what succeeded is gone."""

    list_display = ("id", "task", "state", "attempts", "scheduled")
    list_filter = ("status",)
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    fields = ("id", "task", "state", "attempts", "scheduled", "arguments")
    readonly_fields = fields
    actions = None

    @admin.display(description="任务", ordering="task_name")
    def task(self, job: ProcrastinateJob) -> str:
        return str(job.task_name)

    @display(description="状态", label=_LABELS)
    def state(self, job: ProcrastinateJob) -> str:
        return _STATUSES.get(job.status, job.status)

    @admin.display(description="计划时间", ordering="scheduled_at")
    def scheduled(self, job: ProcrastinateJob) -> Any:
        return job.scheduled_at

    @admin.display(description="参数")
    def arguments(self, job: ProcrastinateJob) -> str:
        return str(job.args)

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Keep it off the index, where its name is English; the sidebar leads here."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
