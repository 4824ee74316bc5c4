"""What happened to an order, merged from all that has a time of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, JSONObject
from django.http import HttpRequest

from accounts.models import User
from orders.admin.cells import parcel_content
from orders.admin.stages import STAGES, stage_of
from orders.models import (
    Order,
    OrderAddressChange,
    OrderEvent,
    OrderNote,
    OrderPriceChange,
    OrderStatus,
    RefundEvent,
    RefundState,
)
from orders.services.placing import Destination
from shop.back_office.masking import Place, address_shown, name_shown, phone_shown

# What happened to a refund, by the state that it came to.
REFUND_STEPS: Mapping[str, str] = {
    RefundState.REQUESTED: "申请退款",
    RefundState.TO_RETURN: "同意退货",
    RefundState.RETURNING: "买家寄回",
    RefundState.APPROVED: "同意退款",
    RefundState.PROCESSING: "微信受理退款",
    RefundState.SUCCEEDED: "退款到账",
    RefundState.FAILED: "退款失败",
    RefundState.REJECTED: "拒绝退款",
    RefundState.WITHDRAWN: "撤回退款",
}


def refund_step(event: RefundEvent) -> str:
    """Return what happened to a refund."""
    return event.get_deed_display() if event.deed else REFUND_STEPS[event.to_state]


@dataclass(frozen=True, slots=True)
class Step:
    """When something happened, what, by whom and why."""

    at: datetime
    what: str
    who: str
    why: str


def timeline(request: HttpRequest, order: Order) -> list[Step]:
    """Return the steps of an order with its parcels, newest first."""
    steps = [*_written(request, order), *_parcels(order)]
    if order.is_closing:
        word = STAGES[stage_of(order)].word
        who = str(order.closing_by or "系统")
        closing_at: Any = order.closing_at
        steps.append(Step(closing_at, word, who, order.close_reason))
    return sorted(steps, key=lambda step: step.at, reverse=True)


def _parcels(order: Order) -> Iterator[Step]:
    """A parcel that leaves something behind moves no status: it is its own trace."""
    for parcel in order.shipments.all():
        what = f"{parcel}:{parcel_content(parcel, order)}"
        yield Step(parcel.shipped_at, "发出包裹", str(parcel.operator or "系统"), what)


def _written(request: HttpRequest, order: Order) -> Iterator[Step]:
    """Yield what five tables hold, in one statement."""
    first, *others = _tables(order, request.user.has_perm("orders.view_refund"))
    for at, kind, user_id, username, nickname, facts in first.union(*others, all=True):
        what, why = _TOLD[kind](request, facts)
        who = User(pk=user_id, username=username, nickname=nickname or "")
        yield Step(at, what, str(who) if user_id else "系统", why)


def _tables(order: Order, with_refunds: bool) -> Iterator[QuerySet[Any, Any]]:
    yield _rows(
        OrderEvent.objects.filter(order=order), "event", "from_status", "to_status"
    )
    yield _rows(OrderNote.objects.filter(order=order), "note", "text")
    yield _rows(
        OrderPriceChange.objects.filter(order=order),
        "price",
        *("old_total_amount", "new_total_amount"),
        *("new_freight_amount", "new_discount_amount"),
    )
    yield _rows(OrderAddressChange.objects.filter(order=order), "address", "old", "new")
    if with_refunds:
        steps = RefundEvent.objects.filter(refund__order=order)
        yield _rows(steps, "refund", "to_state", "deed", "refund__refund_no")


def _rows(rows: QuerySet[Any], kind: str, *facts: str) -> QuerySet[Any, Any]:
    """Select the columns that all tables have, and the others as one."""
    reason = [] if kind == "note" else ["reason"]
    # As text: an amount would come back as a float.
    texts = {
        name: name if name in ("old", "new") else Cast(name, CharField())
        for name in [*facts, *reason]
    }
    return rows.order_by().values_list(
        "created_at",
        Value(kind),
        "operator_id",
        "operator__username",
        "operator__nickname",
        JSONObject(**texts),
    )


def _event(request: HttpRequest, facts: Mapping[str, Any]) -> tuple[str, str]:
    label = OrderStatus(facts["to_status"]).label
    return (f"变为{label}" if facts["from_status"] else "买家下单"), facts["reason"]


def _note(request: HttpRequest, facts: Mapping[str, Any]) -> tuple[str, str]:
    return "备注", facts["text"]


def _price(request: HttpRequest, facts: Mapping[str, Any]) -> tuple[str, str]:
    return "改价", (
        f"应付金额¥{facts['old_total_amount']} → ¥{facts['new_total_amount']},"
        f"运费¥{facts['new_freight_amount']},优惠¥{facts['new_discount_amount']};"
        f"原因:{facts['reason']}"
    )


def _address(request: HttpRequest, facts: Mapping[str, Any]) -> tuple[str, str]:
    # What belonged to a deleted account is gone.
    places = [
        _place(request, Destination(**place)) if place else "已删除"
        for place in (facts["old"], facts["new"])
    ]
    return "改地址", f"{' → '.join(places)};原因:{facts['reason']}"


def _place(request: HttpRequest, place: Destination) -> str:
    name, phone = name_shown(request, place.name), phone_shown(request, place.phone)
    return f"{name} {phone} {address_shown(request, cast(Place, place))}"


def _refund(request: HttpRequest, facts: Mapping[str, Any]) -> tuple[str, str]:
    why = " ".join(filter(None, [facts["refund__refund_no"], facts["reason"]]))
    step = RefundEvent(to_state=facts["to_state"], deed=facts["deed"])
    return refund_step(step), why


_TOLD = {
    "event": _event,
    "note": _note,
    "price": _price,
    "address": _address,
    "refund": _refund,
}
