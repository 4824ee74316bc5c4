"""The desk of the queue: what the background work is doing, and trying it again."""

from typing import Any, cast

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.models import CHANGE, LogEntry
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

# Registers a desk of its own, whose actions ask for no permission.
from procrastinate.contrib.django import admin as _  # noqa: F401
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from unfold.decorators import action, display

from shop.back_office.badges import once_per_page
from shop.back_office.desk import UneditedDesk
from shop.back_office.figures import moment
from shop.back_office.tables import TABLES_TEMPLATE, Table
from shop.errors import JobNotRetried
from shop.queue import job_retry

_STATUSES = {
    "todo": "等待",
    "doing": "执行中",
    "succeeded": "成功",
    "failed": "失败",
    "cancelled": "已取消",
    "aborted": "已中止",
}
_LABELS = {"等待": "info", "执行中": "warning", "成功": "success", "失败": "danger"}
# What waits after a failure has a status like all that waits.
_RETRYING = "retrying"
# What a task is to staff; the others go by their names.
TASKS = {
    "accounts.jobs.sessions_flush": "清理过期登录",
    "catalog.jobs.additions_delete": "清理已用的商品页面",
    "catalog.jobs.footprints_delete": "清理很久以前的浏览足迹",
    "catalog.jobs.counts_add": "合计在售商品数",
    "catalog.jobs.popular_words_refresh": "统计热门搜索词",
    "catalog.jobs.search_history_delete": "清理很久以前的搜索记录",
    "orders.jobs.bill_check": "对账",
    "orders.jobs.bills_check": "安排对账",
    "orders.jobs.figures_refresh": "统计经营数据",
    "orders.jobs.message_send": "发送订阅消息",
    "orders.jobs.notices_delete": "清理旧微信通知与订阅消息",
    "orders.jobs.notices_settle": "补处理微信通知",
    "orders.jobs.orders_autoconfirm": "自动确认收货",
    "orders.jobs.orders_sweep": "关闭超时未付订单",
    "orders.jobs.payment_close": "关闭多余支付",
    "orders.jobs.payments_query": "查询未到账支付",
    "orders.jobs.refund_send": "发送退款",
    "orders.jobs.refunds_follow": "跟踪退款结果",
    "orders.jobs.reports_resume": "补发发货、消息与评价检测",
    "orders.jobs.returns_expire": "关闭逾期未寄回的退货",
    "orders.jobs.review_check": "检测评价内容",
    "orders.jobs.shipping_upload_send": "上传发货信息",
    "shop.jobs.jobs_rescue": "恢复中断的任务",
    "shop.jobs.retention": "清理旧任务与操作历史",
    "shop.jobs.sheet_run": "导入导出",
    "shop.jobs.sheets_delete": "清理旧表格",
}
_EVENTS = {
    "deferred": "加入队列",
    "started": "开始执行",
    "deferred_for_retry": "重新排队",
    "failed": "失败",
    "succeeded": "成功",
    "cancelled": "取消",
    "abort_requested": "请求中止",
    "aborted": "中止",
    "scheduled": "计划执行",
    "retried": "人工重试",
}
# Of a job that is tried every hour for weeks, the rest is in the log.
_EVENTS_SHOWN = 50

# Its maker has given it no name that staff can read; migrations don't see this one.
_NAME = "后台任务"
ProcrastinateJob._meta.verbose_name = _NAME
ProcrastinateJob._meta.verbose_name_plural = _NAME
apps.get_app_config("procrastinate").verbose_name = _NAME
admin.site.unregister(ProcrastinateJob)


class StatusFilter(SimpleListFilter):
    """Narrow the list to one status."""

    title = "状态"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*_STATUSES.items(), (_RETRYING, "失败后等待重试")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == _RETRYING:
            return queryset.filter(status="todo", attempts__gt=0)
        known = self.value() in _STATUSES
        return queryset.filter(status=self.value()) if known else queryset


@admin.register(ProcrastinateJob)
class JobDesk(UneditedDesk):
    """What waits, runs or has failed; what succeeded is gone."""

    list_display = ("number", "task", "state", "attempts_made", "scheduled")
    list_filter = (StatusFilter,)
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "state"),
                    ("task", "name"),
                    ("attempts_made", "scheduled"),
                    "arguments",
                ),
                "description": "失败的原因在后台任务进程的日志里,按编号(job_id)查找",
            },
        ),
    )
    readonly_fields = (
        *("number", "state", "task", "name", "attempts_made", "scheduled"),
        "arguments",
    )
    change_form_outer_after_template = TABLES_TEMPLATE
    actions = ("retry_chosen",)
    actions_detail = ("retry",)

    @admin.display(description="编号", ordering="id")
    def number(self, job: ProcrastinateJob) -> int:
        return job.id

    @admin.display(description="名称")
    def name(self, job: ProcrastinateJob) -> str:
        return job.task_name

    @admin.display(description="任务", ordering="task_name")
    def task(self, job: ProcrastinateJob) -> str:
        return TASKS.get(job.task_name, job.task_name)

    @display(description="状态", label=_LABELS)
    def state(self, job: ProcrastinateJob) -> str:
        return _STATUSES.get(job.status, job.status)

    @admin.display(description="已尝试次数", ordering="attempts")
    def attempts_made(self, job: ProcrastinateJob) -> int:
        return job.attempts

    @admin.display(description="计划时间", ordering="scheduled_at")
    def scheduled(self, job: ProcrastinateJob) -> str:
        return moment(job.scheduled_at)

    @admin.display(description="参数")
    def arguments(self, job: ProcrastinateJob) -> str:
        return str(job.args)

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Keep it off the index, which is for the trade; the sidebar leads here."""
        return {}

    def has_retry_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("procrastinate.change_procrastinatejob")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to retry what has failed."""
        job = self.get_object(request, str(object_id))
        has_failed = job is not None and job.status == "failed"
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return offered if has_failed else []

    @action(
        description="重试",
        url_path="retry",
        icon="replay",
        permissions=["view", "retry"],
    )
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Queue a failed job again."""
        job = self.get_object(request, object_id)
        if job is None:
            self.message_user(request, "任务已完成,或不存在", messages.ERROR)
            name = f"{self.admin_site.name}:procrastinate_procrastinatejob_changelist"
            return HttpResponseRedirect(reverse(name))

        def perform(data: Any) -> str:
            job_retry(job_id=job.pk)
            return "已重新排队,马上执行"

        return self.action_page(
            request,
            job,
            title=f"重试任务 {job.pk}",
            submit="重试",
            form_class=Form,
            perform=perform,
            lines={
                "任务": self.task(job),
                "参数": self.arguments(job),
                "后果": "任务重新执行一次;已经做完的部分不会再做",
            },
        )

    @action(description="重试所选任务", permissions=["retry"])
    def retry_chosen(self, request: HttpRequest, queryset: Any) -> None:
        """Queue the failed ones among the chosen again."""
        # Once: a worker may have done and deleted the first before the last is asked.
        chosen = list(queryset.order_by("id"))
        retried = [job for job in chosen if _is_retried(job)]
        user_id = cast("int", request.user.pk)
        LogEntry.objects.log_actions(user_id, retried, CHANGE, "重新排队")
        told = f"已重试{len(retried)}个任务"
        if others := len(chosen) - len(retried):
            told += f",另有{others}个不是失败状态,或相同的任务正在等待"
        self.message_user(request, told, messages.SUCCESS)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Add what has happened to the job."""
        context["tables"] = [_timeline(context["original"])]
        return super().render_change_form(request, context, *args, **kwargs)


def _is_retried(job: ProcrastinateJob) -> bool:
    try:
        job_retry(job_id=job.pk)
    except JobNotRetried:
        return False
    return True


def _timeline(job: ProcrastinateJob) -> Table:
    """Return the job's last events, newest first."""
    events = ProcrastinateEvent.objects.filter(job=job).order_by("-id")[:_EVENTS_SHOWN]
    rows = [[moment(one.at), _EVENTS.get(one.type, one.type)] for one in events]
    return Table("经过", ["时间", "事件"], rows)


@once_per_page
def failed_jobs_badge(request: HttpRequest) -> int:
    """Count what has failed and nobody has tried again; the sidebar shows it."""
    return ProcrastinateJob.objects.filter(status="failed").count()
