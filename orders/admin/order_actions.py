"""What staff do with an order: each a page of its own that calls a service."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from orders.admin.forms import (
    CorrectForm,
    OrderNoteForm,
    ReaddressForm,
    RepriceForm,
    ShipForm,
)
from orders.admin.refund_forms import RefundForm
from orders.admin.staff_actions import StaffActions, operator_id
from orders.admin.stages import STAGES, stage_of
from orders.models import Order, OrderStatus
from orders.services.closing import order_cancel_by_staff
from orders.services.fulfilment import lines_left, order_ship, shipment_correct
from orders.services.notes import order_note_add
from orders.services.readdressing import (
    destination_of_order,
    destination_seal,
    order_address_change,
)
from orders.services.refunds import (
    Offer,
    refund_by_staff,
    refund_offer,
)
from orders.services.repricing import order_reprice
from shop.back_office.figures import money
from shop.back_office.forms import ReasonForm
from shop.back_office.masking import (
    address_shown,
    name_shown,
    phone_shown,
    shows_people,
)


class OrderActions(StaffActions):
    """Ship, mend a parcel's number, refund, reprice, readdress, cancel, note."""

    # In the order of their buttons; `note` has a form on the page, `next_to_ship` a
    # link.
    actions_detail = (
        *("ship", "reprice", "readdress", "correct", "refund", "cancel"),
        *("note", "next_to_ship"),
    )

    # Methods, for the check of unfold asks the database for permissions given by name,
    # and must pass before the tables are there.
    def has_ship_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.ship_order")

    def has_reprice_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.reprice_order")

    def has_refund_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.refund_order")

    def has_cancel_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.cancel_order")

    def has_readdress_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.readdress_order")

    def has_note_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.note_order")

    def state_told(self, row: Any | None) -> str:
        return f"订单{STAGES[stage_of(row)].word}" if row else "订单不存在"

    @action(
        description="发货",
        url_path="ship",
        icon="local_shipping",
        permissions=["view", "ship"],
    )
    def ship(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Book a parcel."""
        order: Order | None = self.row_for(request, object_id, "ship")
        if order is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            parcel = order_ship(
                order_id=order.pk,
                carrier=data["carrier"],
                tracking_no=data["tracking_no"],
                operator_id=operator_id(request),
                quantities=data["quantities"],
            )
            is_last = parcel.order.status == OrderStatus.SHIPPED
            rest = "订单已全部发货" if is_last else "订单还有商品未发"
            return f"已登记包裹 {parcel},{rest}"

        return self.action_page(
            request,
            order,
            title=f"发货 {order}",
            submit="确认发货",
            form_class=ShipForm,
            perform=perform,
            lines=_receiver(request, order),
            left=lines_left(order),
        )

    @action(
        description="更正运单",
        url_path="correct",
        icon="edit_note",
        permissions=["view", "ship"],
    )
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Mend the carrier or number of a parcel; the log keeps what it was."""
        order: Order | None = self.row_for(request, object_id, "correct")
        if order is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            was = str(data["shipment"])
            parcel = shipment_correct(
                shipment_id=data["shipment"].pk,
                carrier=data["carrier"],
                tracking_no=data["tracking_no"],
            )
            return f"包裹 {was} 已更正为 {parcel}"

        return self.action_page(
            request,
            order,
            title=f"更正运单 {order}",
            submit="确认更正",
            form_class=CorrectForm,
            perform=perform,
            lines=_receiver(request, order),
            order=order,
        )

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
        description="改地址",
        url_path="readdress",
        icon="edit_location_alt",
        permissions=["view", "readdress"],
    )
    def readdress(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send it to somewhere else, while nothing has left."""
        order: Order | None = self.row_for(request, object_id, "readdress")
        if order is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            order_address_change(
                order_id=order.pk,
                seen=data["seen"],
                new=data["new"],
                operator_id=operator_id(request),
                reason=data["reason"],
            )
            return "收货地址已修改"

        # Who sees the address masked writes a whole new one.
        known = asdict(destination_of_order(order)) if shows_people(request) else {}
        return self.action_page(
            request,
            order,
            title=f"改地址 {order}",
            submit="确认改地址",
            form_class=ReaddressForm,
            perform=perform,
            lines=_receiver(request, order),
            initial={**known, "seen": destination_seal(order)},
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
        description="下一单待发货",
        url_path="next",
        permissions=["view", "ship"],
    )
    def next_to_ship(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the oldest order after this one that waits, else to the oldest."""
        order = self.get_object(request, object_id)
        if order is None:
            return self.back(object_id)
        waiting = Order.objects.to_ship().exclude(pk=order.pk).order_by("pk")
        found = waiting.filter(pk__gt=order.pk).first() or waiting.first()
        if found is None:
            self.message_user(request, "没有待发货的订单了", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:orders_order_changelist"))
        return HttpResponseRedirect(self.object_url(found))

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


def _receiver(request: HttpRequest, order: Order) -> dict[str, str]:
    name, phone = name_shown(request, order.name), phone_shown(request, order.phone)
    return {
        "收货人": f"{name} {phone}",
        "地址": address_shown(request, order),
        "买家留言": order.remark or "-",
    }


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
