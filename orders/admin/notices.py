"""What WeChat told us, to be read; settling it again is an action."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action, display

from orders.admin.read_only import ReadOnlyDesk
from orders.models import PaymentNotice
from orders.services.notices import UNKNOWN_EVENT, notice_settle
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.figures import json_shown


@dataclass(frozen=True, slots=True)
class Stage:
    """What became of a notice: the word, its colour, and which notices are there."""

    word: str
    colour: str
    where: Q


STAGES: Mapping[str, Stage] = {
    "settled": Stage("已处理", "success", Q(settled_at__isnull=False)),
    "waiting": Stage("待处理", "warning", Q(due_at__isnull=False)),
    "refused": Stage("被拒绝", "danger", Q(settled_at=None) & ~Q(refusal="")),
    "given_up": Stage("已放弃", "danger", Q(settled_at=None, refusal="", due_at=None)),
}
_REFUSALS = {
    "payment_mismatch": "与我们的支付不符",
    "refund_mismatch": "与我们的退款不符",
    UNKNOWN_EVENT: "不认识的事件",
}


def _stage_of(notice: PaymentNotice) -> str:
    if notice.settled_at:
        return "settled"
    if notice.refusal:
        return "refused"
    return "given_up" if notice.is_given_up else "waiting"


class StageFilter(SimpleListFilter):
    """Narrow the list to what became of the notices."""

    title = "状态"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, stage.word) for name, stage in STAGES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        stage = STAGES.get(self.value() or "")
        return queryset.filter(stage.where) if stage else queryset


@admin.register(PaymentNotice)
class NoticeDesk(ReadOnlyDesk):
    """All notifications whose signature was right, newest first."""

    list_display = (
        "number",
        "event_type",
        "stage",
        "refusal_word",
        "received_at",
        "settled_at",
    )
    list_filter = (StageFilter, ("received_at", DayRangeFilter))
    list_filter_submit = True
    ordering = ("-pk",)
    # A beginning, for which there is an index.
    search_fields = ("number__startswith", "notice_id__exact")
    search_help_text = "商户单号的开头,或通知编号"
    fields = (
        ("number", "stage"),
        ("event_type", "notice_id"),
        ("received_at", "settled_at"),
        ("due_at", "refusal_word"),
        "facts_text",
    )
    actions_detail = ("replay",)

    @display(
        description="状态",
        label={stage.word: stage.colour for stage in STAGES.values()},
    )
    def stage(self, notice: PaymentNotice) -> str:
        return STAGES[_stage_of(notice)].word

    @display(description="拒绝原因")
    def refusal_word(self, notice: PaymentNotice) -> str:
        return _REFUSALS.get(notice.refusal, notice.refusal) or "-"

    @display(description="微信事实")
    def facts_text(self, notice: PaymentNotice) -> str:
        return json_shown(notice.facts)

    def has_replay_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.replay_paymentnotice")

    @action(
        description="重新处理",
        url_path="replay",
        icon="replay",
        permissions=["view", "replay"],
    )
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Settle it once more; what is booked already does not change."""
        notice = self.get_object(request, object_id)
        if notice is None:
            self.message_user(request, "通知不存在", messages.ERROR)
            name = f"{self.admin_site.name}:orders_paymentnotice_changelist"
            return HttpResponseRedirect(reverse(name))

        def perform(data: Mapping[str, Any]) -> str:
            notice_settle(notice=notice)
            notice.refresh_from_db()
            return f"已重新处理,现在{STAGES[_stage_of(notice)].word}"

        return self.action_page(
            request,
            notice,
            title=f"重新处理 {notice}",
            submit="重新处理",
            form_class=Form,
            perform=perform,
            lines={
                "商户单号": notice.number,
                "状态": STAGES[_stage_of(notice)].word,
                "后果": "按通知内容再入账一次;已经入账的不会变化",
            },
        )
