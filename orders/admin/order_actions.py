"""What staff do with an order: each a page of its own that calls a service."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from orders.admin.forms import OrderNoteForm, RepriceForm
from orders.admin.parcel_actions import ParcelActions
from orders.admin.refund_forms import RefundForm
from orders.admin.staff_actions import operator_id
from orders.admin.stages import STAGES, stage_of
from orders.models import Order
from orders.services.closing import order_cancel_by_staff
from orders.services.notes import order_note_add
from orders.services.refunds import Offer, refund_by_staff, refund_offer
from orders.services.repricing import order_reprice
from shop.back_office.figures import money
from shop.back_office.forms import ReasonForm


class OrderActions(ParcelActions):
    """Refund, reprice, cancel, note; with what is done with the goods."""

    # In the order of their buttons; `note` has a form on the page, `next_to_ship` a
    # link.
    actions_detail = (
        *("ship", "reprice", "readdress", "correct", "refund", "cancel"),
        *("note", "next_to_ship"),
    )

    def has_reprice_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.reprice_order")

    def has_refund_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.refund_order")

    def has_cancel_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.cancel_order")

    def has_note_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.note_order")

    def state_told(self, row: Any | None) -> str:
        return f"订单{STAGES[stage_of(row)].word}" if row else "订单不存在"

    @action(
        description="退款",
        url_path="refund",
        icon="currency_exchange",
        permissions=["view", "refund"],
    )
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give money back, for all pieces or some."""
        order: Order | None = self.row_for(request, object_id, "refund")
        if order is None:
            return self.back(object_id)
        offer = refund_offer(order)

        def perform(data: Mapping[str, Any]) -> str:
            refund = refund_by_staff(
                order_id=order.pk,
                operator_id=operator_id(request),
                reason=data["reason"],
                quantities=data["quantities"],
                amounts=data["amounts"],
                is_restocked=data.get("is_restocked", False),
                seen=data["seen"],
            )
            if refund.is_agreed:
                return f"退款{refund}共{money(refund.amount)},等第二人审批"
            return f"退款{refund}已提交,将退回{money(refund.amount)}"

        return self.action_page(
            request,
            order,
            title=f"退款 {order}",
            submit="确认退款",
            form_class=RefundForm,
            perform=perform,
            lines=_refundable(offer),
            offer=offer,
            initial={
                "seen_amount": offer.seen.amount,
                "seen_parcels": offer.seen.parcels,
            },
        )

    @action(
        description="改价",
        url_path="reprice",
        icon="price_change",
        permissions=["view", "reprice"],
    )
    def reprice(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change freight and discount."""
        order: Order | None = self.row_for(request, object_id, "reprice")
        if order is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            changed = order_reprice(
                order_id=order.pk,
                seen=data["seen"],
                new=data["new"],
                operator_id=operator_id(request),
                reason=data["reason"],
            )
            return f"应付金额已改为{money(changed.total_amount)}"

        return self.action_page(
            request,
            order,
            title=f"改价 {order}",
            submit="确认改价",
            form_class=RepriceForm,
            perform=perform,
            lines=_price(order),
            initial={
                "freight_amount": order.freight_amount,
                "discount_amount": order.discount_amount,
                "seen_freight_amount": order.freight_amount,
                "seen_discount_amount": order.discount_amount,
            },
        )

    @action(
        description="写备注",
        url_path="note",
        icon="sticky_note_2",
        permissions=["view", "note"],
    )
    def note(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Note something down, for staff alone."""
        order: Order | None = self.row_for(request, object_id, "note")
        if order is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            order_note_add(
                order_id=order.pk, text=data["text"], operator_id=operator_id(request)
            )
            return "备注已保存"

        return self.action_page(
            request,
            order,
            title=f"写备注 {order}",
            submit="保存备注",
            form_class=OrderNoteForm,
            perform=perform,
        )

    @action(
        description="取消订单",
        url_path="cancel",
        icon="cancel",
        permissions=["view", "cancel"],
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Cancel, with a reason."""
        order: Order | None = self.row_for(request, object_id, "cancel")
        if order is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            ended = order_cancel_by_staff(
                order_id=order.pk,
                operator_id=operator_id(request),
                reason=data["reason"],
            )
            if ended.is_closing:
                return "微信暂时联系不上,订单关闭中,系统会自动重试"
            return "订单已取消,库存已退回"

        return self.action_page(
            request,
            order,
            title=f"取消订单 {order}",
            submit="确认取消",
            form_class=ReasonForm,
            perform=perform,
            lines=_price(order),
        )


def _price(order: Order) -> dict[str, str]:
    return {
        "商品金额": money(order.goods_amount),
        "运费": money(order.freight_amount),
        "优惠": money(order.discount_amount),
        "应付金额": money(order.total_amount),
    }


def _refundable(offer: Offer) -> dict[str, str]:
    paid, kept = offer.payment, offer.kept
    return {
        "实付金额": money(paid.amount),
        "已退金额": money(paid.refund_amount),
        **({"少退金额": f"{money(kept)},不再退"} if kept else {}),
        "可退金额": money(paid.amount - paid.refund_amount - kept),
        "补偿": "商品不退、只退一部分钱:件数填0,只填金额",
    }
