"""What staff do with a return: agree to it, and take in what came."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from orders.admin.refund_facts import asked_lines
from orders.admin.refund_forms import AgreeReturnForm, ApproveForm
from orders.admin.staff_actions import StaffActions, operator_id
from orders.models import Refund
from orders.services.refunds import refund_agree_return, refund_approve
from shop.back_office.figures import moment, money


class ReturnActions(StaffActions):
    """Agree to a return, then grant its money."""

    @action(
        description="同意退货",
        url_path="agree_return",
        icon="assignment_return",
        permissions=["view", "answer"],
    )
    def agree_return(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have the goods sent back before any money goes."""
        refund: Refund | None = self.row_for(request, object_id, "agree_return")
        if refund is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            agreed = refund_agree_return(
                refund_id=refund.pk,
                operator_id=operator_id(request),
                address=data["address"],
                answer=data["answer"],
            )
            return f"已同意退货,等买家在{moment(agreed.return_before)}前寄回"

        return self.action_page(
            request,
            refund,
            title=f"同意退货 {refund}",
            submit="同意退货",
            form_class=AgreeReturnForm,
            perform=perform,
            lines={
                **asked_lines(refund),
                "后果": "买家寄回商品,收到后再退款;超过期限没有寄回,申请自动撤回",
            },
            initial={"address": settings.REFUND_RETURN_ADDRESS},
        )

    @action(
        description="收货退款",
        url_path="receive",
        icon="inventory",
        permissions=["view", "answer"],
    )
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Grant the money of goods that came back, or that need not come."""
        refund: Refund | None = self.row_for(request, object_id, "receive")
        if refund is None:
            return self.back(object_id)
        return self.grant_page(request, refund, f"收货退款 {refund}")

    def grant_page(
        self, request: HttpRequest, refund: Refund, title: str
    ) -> HttpResponse:
        """Ask how much goes back and what becomes of the goods."""

        def perform(data: Mapping[str, Any]) -> str:
            answered = refund_approve(
                refund_id=refund.pk,
                operator_id=operator_id(request),
                is_restocked=data.get("is_restocked", False),
                answer=data["answer"],
                amounts=data["amounts"],
            )
            if answered.is_agreed:
                return f"已同意退款{money(answered.amount)},等第二人审批"
            return f"已同意退款{money(answered.amount)},正在提交微信"

        return self.action_page(
            request,
            refund,
            title=title,
            submit="同意退款",
            form_class=ApproveForm,
            perform=perform,
            lines=asked_lines(refund),
            refund=refund,
        )
