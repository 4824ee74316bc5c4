"""What staff do with a refund: each a page of its own that calls a service."""

from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from orders.admin.cells import item_name
from orders.admin.forms import NoteForm
from orders.admin.refund_forms import ApproveForm, ConfirmForm, RejectForm
from orders.admin.staff_actions import StaffActions, operator_id
from orders.models import Refund, RefundItem, RefundKind
from orders.services.refunds import (
    refund_approve,
    refund_confirm,
    refund_end_by_hand,
    refund_query,
    refund_reject,
    refund_retry,
    refund_send_back,
)
from shop.back_office.figures import moment, money

# What staff must know of WeChat's refusals; any other is its own word.
_ADVICE = {
    "ABNORMAL": "退款异常,请到微信商户平台处理,系统会自动查询结果",
    "CLOSED": "微信已关闭这次退款,可以重新退款",
}


class RefundActions(StaffActions):
    """Approve, reject, send again, ask WeChat, end what WeChat will not pay."""

    actions_detail = (
        *("approve", "confirm", "reject", "send_back"),
        *("retry", "query", "by_hand"),
    )

    def has_answer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission of whoever grants such a refund."""
        refund = None if obj is None else self.get_object(request, str(obj))
        needed = refund.grant_permission if refund else "orders.answer_refund"
        return request.user.has_perm(needed)

    def has_retry_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.retry_refund")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Read it once for a page: each action asks for it anew."""
        known: dict[str, Any] = getattr(request, "_refunds", {})
        if object_id not in known:
            known[object_id] = super().get_object(request, object_id, from_field)
            request._refunds = known  # type: ignore[attr-defined]
        return known[object_id]

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
        description="同意",
        url_path="approve",
        icon="check_circle",
        permissions=["view", "answer"],
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Agree to a shopper's request."""
        refund: Refund | None = self.row_for(request, object_id, "approve")
        if refund is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            refund_approve(
                refund_id=refund.pk,
                operator_id=operator_id(request),
                is_restocked=data.get("is_restocked", False),
                answer=data["answer"],
                amounts=data["amounts"],
            )
            refund.refresh_from_db()
            if refund.is_agreed:
                return f"已同意退款{money(refund.amount)},等第二人审批"
            return f"已同意退款{money(refund.amount)},正在提交微信"

        return self.action_page(
            request,
            refund,
            title=f"同意退款 {refund}",
            submit="同意退款",
            form_class=ApproveForm,
            perform=perform,
            lines=_asked(refund),
            refund=refund,
        )

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
            lines=_agreed(refund),
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
            lines=_agreed(refund),
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
            lines=_asked(refund),
        )

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
            lines={**_asked(refund), "微信原因": wechat_reason(refund)},
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
            lines={**_asked(refund), "当前状态": refund.get_state_display()},
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
                **_asked(refund),
                "微信原因": wechat_reason(refund),
                "后果": "记为已退款,微信不再退;买家会看到处理说明",
            },
        )


def wechat_reason(refund: Refund) -> str:
    error = refund.wechat_error
    return f"{error} {_ADVICE.get(error, '')}".strip() or "-"


def _piece(part: RefundItem) -> str:
    if not part.quantity:
        return f"{item_name(part.order_item)} 补偿,商品不退"
    shipped = part.quantity - part.unshipped_quantity
    named = f"{item_name(part.order_item)} × {part.quantity}"
    return f"{named},其中{shipped}件已发" if shipped else named


def _asked(refund: Refund) -> dict[str, str]:
    pieces = map(_piece, refund.items.select_related("order_item"))
    return {
        "订单": str(refund.order),
        "退款金额": amount_told(refund),
        "商品": ";".join(pieces) or "-",
        "原因": refund.reason or "-",
    }


def _agreed(refund: Refund) -> dict[str, str]:
    """Return what the first of two people has decided."""
    rows = refund.items.select_related("order_item")
    lines = {_piece(row): money(row.amount) for row in rows}
    rest = refund.amount - sum(row.amount for row in rows)
    restocked = {"已发商品": "退回库存" if refund.is_restocked else "不退回库存"}
    return {
        "订单": str(refund.order),
        "原因": refund.reason or "-",
        **lines,
        **({"运费": money(rest)} if rest else {}),
        "退款金额": amount_told(refund),
        **(restocked if refund.has_shipped_pieces else {}),
        "答复": refund.answer or "-",
        "第一审批人": f"{refund.agreed_by},{moment(refund.agreed_at)}",
    }


def amount_told(refund: Refund) -> str:
    """Return what goes back, and what was asked for where that is more."""
    asked = refund.asked_amount
    told = money(refund.amount)
    return told if asked == refund.amount else f"{told},申请{money(asked)}"
