"""What staff do with an order's goods: ship them, mend where they go."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from orders.admin.forms import CorrectForm, ReaddressForm, ShipForm
from orders.admin.staff_actions import StaffActions, operator_id
from orders.models import Order, OrderStatus
from orders.services.fulfilment import (
    lines_left,
    order_ship,
    orders_with_pieces_left,
    shipment_correct,
)
from orders.services.readdressing import (
    destination_of_order,
    destination_seal,
    order_address_change,
)
from shop.back_office.masking import (
    address_shown,
    name_shown,
    phone_shown,
    shows_people,
)


class ParcelActions(StaffActions):
    """Ship, mend a parcel's number, readdress."""

    # Methods, for the check of unfold asks the database for permissions given by name,
    # and must pass before the tables are there.
    def has_ship_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.ship_order")

    def has_readdress_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.readdress_order")

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
                seen=data["seen"],
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
            initial={"seen": destination_seal(order)},
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
        description="下一单待发货",
        url_path="next",
        permissions=["view", "ship"],
    )
    def next_to_ship(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the oldest order after this one that waits, else to the oldest."""
        order = self.get_object(request, object_id)
        if order is None:
            return self.back(object_id)
        waiting = orders_with_pieces_left(Order.objects.to_ship())
        waiting = waiting.exclude(pk=order.pk).order_by("pk")
        found = waiting.filter(pk__gt=order.pk).first() or waiting.first()
        if found is None:
            self.message_user(request, "没有待发货的订单了", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:orders_order_changelist"))
        return HttpResponseRedirect(self.object_url(found))


def _receiver(request: HttpRequest, order: Order) -> dict[str, str]:
    name, phone = name_shown(request, order.name), phone_shown(request, order.phone)
    return {
        "收货人": f"{name} {phone}",
        "地址": address_shown(request, order),
        "买家留言": order.remark or "-",
    }
