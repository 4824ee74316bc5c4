"""What staff do with a refund: each a page of its own that calls a service."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from orders.admin.forms import NoteForm
from orders.admin.refund_facts import agreed_lines, asked_lines
from orders.admin.refund_forms import ConfirmForm, RejectForm
from orders.admin.refund_resending import ResendingActions
from orders.admin.return_actions import ReturnActions
from orders.admin.staff_actions import operator_id
from orders.models import Refund, RefundKind
from orders.services.refunds import (
    refund_confirm,
    refund_reject,
    refund_send_back,
)
from shop.back_office.figures import money


class RefundActions(ReturnActions, ResendingActions):
    """Approve, reject; with returns, and what is done about what WeChat has."""

    actions_detail = (
        *("agree_return", "receive"),
        *("approve", "confirm", "reject", "send_back"),
        *("retry", "query", "by_hand"),
    )

    def has_answer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission of whoever grants such a refund."""
        refund = None if obj is None else self.get_object(request, str(obj))
        needed = refund.grant_permission if refund else "orders.answer_refund"
        return request.user.has_perm(needed)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer the second approval to others than who gave the first."""
        offered = super().get_actions_detail(request, object_id)
        refund = self.get_object(request, str(object_id))
        if refund is None or refund.agreed_by_id != operator_id(request):
            return offered
        return [one for one in offered if one.path != "confirm"]

    def state_told(self, row: Any | None) -> str:
        if row is None:
            return "退款单不存在"
        return (
            "退款单待第二人审批"
            if row.is_agreed
            else f"退款单{row.get_state_display()}"
        )

    @action(
        description="同意退款",
        url_path="approve",
        icon="check_circle",
        permissions=["view", "answer"],
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Agree to a shopper's request."""
        refund: Refund | None = self.row_for(request, object_id, "approve")
        if refund is None:
            return self.back(object_id)
        return self.grant_page(request, refund, f"同意退款 {refund}")

    @action(
        description="审批通过",
        url_path="confirm",
        icon="how_to_reg",
        permissions=["view", "answer"],
    )
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Grant, as the second person, what the first has decided."""
        refund: Refund | None = self.row_for(request, object_id, "confirm")
        if refund is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            refund_confirm(
                refund_id=refund.pk,
                operator_id=operator_id(request),
                agreed_at=data["agreed_at"],
            )
            return f"已审批通过,退款{money(refund.amount)}正在提交微信"

        return self.action_page(
            request,
            refund,
            title=f"第二人审批 {refund}",
            submit="审批通过",
            form_class=ConfirmForm,
            perform=perform,
            lines=agreed_lines(refund),
            initial={"agreed_at": refund.agreed_at},
        )

    @action(
        description="退回重审",
        url_path="send_back",
        icon="undo",
        permissions=["view", "answer"],
    )
    def send_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the request be answered anew."""
        refund: Refund | None = self.row_for(request, object_id, "send_back")
        if refund is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            refund_send_back(
                refund_id=refund.pk,
                operator_id=operator_id(request),
                note=data["note"],
            )
            return "已退回重审,第一人的同意作废"

        return self.action_page(
            request,
            refund,
            title=f"退回重审 {refund}",
            submit="退回重审",
            form_class=NoteForm,
            perform=perform,
            lines=agreed_lines(refund),
        )

    @action(
        description="拒绝",
        url_path="reject",
        icon="block",
        permissions=["view", "answer"],
    )
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Refuse what waits to be granted, and say why."""
        refund: Refund | None = self.row_for(request, object_id, "reject")
        if refund is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            refund_reject(
                refund_id=refund.pk,
                operator_id=operator_id(request),
                answer=data["answer"],
            )
            is_own = refund.kind == RefundKind.STAFF
            return "已拒绝退款" if is_own else "已拒绝退款,买家会看到答复"

        return self.action_page(
            request,
            refund,
            title=f"拒绝退款 {refund}",
            submit="拒绝退款",
            form_class=RejectForm,
            perform=perform,
            lines=asked_lines(refund),
        )
