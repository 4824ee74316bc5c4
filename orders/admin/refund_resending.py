"""What staff do with a refund that was granted and is not yet paid."""

from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from orders.admin.forms import NoteForm
from orders.admin.refund_facts import asked_lines, wechat_reason
from orders.admin.staff_actions import StaffActions, operator_id
from orders.models import Refund
from orders.services.refunds import refund_end_by_hand, refund_query, refund_retry
from shop.back_office.figures import money


class ResendingActions(StaffActions):
    """Send again, ask WeChat, end what WeChat will not pay."""

    def has_retry_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.retry_refund")

    @action(
        description="重新退款",
        url_path="retry",
        icon="replay",
        permissions=["view", "retry"],
    )
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a failed refund once more."""
        refund: Refund | None = self.row_for(request, object_id, "retry")
        if refund is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            refund_retry(refund_id=refund.pk, operator_id=operator_id(request))
            return f"退款{money(refund.amount)}已重新提交"

        return self.action_page(
            request,
            refund,
            title=f"重新退款 {refund}",
            submit="重新退款",
            form_class=Form,
            perform=perform,
            lines={**asked_lines(refund), "微信原因": wechat_reason(refund)},
        )

    @action(
        description="查询微信结果",
        url_path="query",
        icon="sync",
        permissions=["view", "retry"],
    )
    def query(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask WeChat what became of it, or send what was never sent."""
        refund: Refund | None = self.row_for(request, object_id, "query")
        if refund is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            state = refund_query(refund_id=refund.pk)
            return f"已查询微信,退款单现在是“{state.label}”"

        return self.action_page(
            request,
            refund,
            title=f"查询微信结果 {refund}",
            submit="查询",
            form_class=Form,
            perform=perform,
            lines={**asked_lines(refund), "当前状态": refund.get_state_display()},
        )

    @action(
        description="已另行退款",
        url_path="by_hand",
        icon="handshake",
        permissions=["view", "retry"],
    )
    def by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Book what WeChat will not pay as paid in another way."""
        refund: Refund | None = self.row_for(request, object_id, "by_hand")
        if refund is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            refund_end_by_hand(
                refund_id=refund.pk,
                operator_id=operator_id(request),
                note=data["note"],
            )
            return f"已登记另行退款{money(refund.amount)}"

        return self.action_page(
            request,
            refund,
            title=f"已另行退款 {refund}",
            submit="登记为已退款",
            form_class=NoteForm,
            perform=perform,
            lines={
                **asked_lines(refund),
                "微信原因": wechat_reason(refund),
                "后果": "记为已退款,微信不再退;买家会看到处理说明",
            },
        )
