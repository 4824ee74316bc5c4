"""What WeChat says of a refund, booked: from the answer, a notification or a query."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.services.stock import sales_add, stock_refund
from orders.errors import RefundMismatch
from orders.locks import order_lock, payment_lock, refund_lock
from orders.models import (
    AnomalyKind,
    Order,
    OrderStatus,
    Refund,
    RefundState,
)
from orders.models.refund_states import UNDECIDED
from orders.numbers import refund_no_of
from orders.services.anomalies import anomaly_note
from orders.services.coupons import coupon_give_back_if_refunded
from orders.services.facts import (
    amount_stated,
    facts_kept,
    first_difference,
    success_time,
)
from orders.services.flash_sales import takings_return
from orders.services.fulfilment import is_all_gone
from orders.services.refunds.states import refund_move
from orders.services.transitions import order_move
from shop.wechat import pay

QUERY_SOON = timedelta(minutes=1)
# Staff deal with it at the merchant platform, which takes days.
QUERY_ABNORMAL = timedelta(hours=6)

# Ours; anything else fits no column.
_NUMBER = re.compile(r"[0-9A-Za-z]{1,64}")
# WeChat's own words: no money under that number, ever; or none without a person.
CLOSED = "CLOSED"
ABNORMAL = "ABNORMAL"
_STATES = {
    "PROCESSING": RefundState.PROCESSING,
    "SUCCESS": RefundState.SUCCEEDED,
    CLOSED: RefundState.FAILED,
    ABNORMAL: RefundState.FAILED,
}


def refund_settle(*, facts: Mapping[str, Any]) -> Refund:
    """Book what WeChat says of a refund; again with the same facts changes nothing.

    `facts` come from the answer to the request, a verified notification or a query. A
    refund that has succeeded stays so, in whatever sequence they arrive. When WeChat
    has taken it, pieces and sales follow, and an order of which nothing is left ends.

    Locks: the order, the payment, the refund, then products, SKUs and the coupon.
    Raises: RefundMismatch, when this is not the refund that we asked for; noted for
        staff.
    """
    try:
        with transaction.atomic(durable=True):
            return _settled(facts)
    except RefundMismatch as error:
        _note_mismatch(facts, error)
        raise


def _settled(facts: Mapping[str, Any]) -> Refund:
    known = _known(facts)
    if known is None:
        raise RefundMismatch("out_refund_no")
    refund = _locked(known)
    said = str(facts.get("refund_status") or facts.get("status"))
    if facts["out_refund_no"] != refund.out_refund_no:
        return _settled_earlier(refund, said)
    _require_match(refund, facts)
    if said not in _STATES:
        raise RefundMismatch("status")
    _advance(refund, said, facts)
    return refund


def _known(facts: Mapping[str, Any]) -> Refund | None:
    number = str(facts.get("out_refund_no"))
    if not _NUMBER.fullmatch(number):
        return None
    return Refund.objects.filter(refund_no=refund_no_of(number)).first()


def _locked(known: Refund) -> Refund:
    order = order_lock(known.order_id)
    payment = payment_lock(known.payment_id)
    refund = refund_lock(known.pk)
    refund.order, refund.payment = order, payment
    return refund


def _settled_earlier(refund: Refund, said: str) -> Refund:
    """Hear of an attempt that WeChat had closed: it can't have paid as well.

    Raises: RefundMismatch.
    """
    if said != CLOSED:
        raise RefundMismatch("out_refund_no of a closed attempt")
    return refund


def _require_match(refund: Refund, facts: Mapping[str, Any]) -> None:
    """Compare what WeChat says with what we asked for.

    Raises: RefundMismatch.
    """
    amount, payment = amount_stated(facts), refund.payment
    pairs = {
        # An answer does not name the merchant; a notification does.
        "mchid": (
            facts.get("mchid", settings.WECHAT_MCHID),
            settings.WECHAT_MCHID,
        ),
        "transaction_id": (facts.get("transaction_id"), payment.transaction_id),
        "amount.refund": (amount.get("refund"), pay.fen(refund.amount)),
        "amount.total": (amount.get("total"), pay.fen(payment.amount)),
    }
    if name := first_difference(pairs):
        raise RefundMismatch(name)


def _advance(refund: Refund, said: str, facts: Mapping[str, Any]) -> None:
    to = _STATES[said]
    is_failure = to == RefundState.FAILED
    error = said if is_failure else ""
    if is_by_hand(refund) and said == "SUCCESS":
        raise RefundMismatch("state")
    if refund.state == RefundState.SUCCEEDED or (
        (refund.state, refund.wechat_error) == (to, error)
    ):
        return
    if refund.state in UNDECIDED:
        raise RefundMismatch("state")
    now = timezone.now()
    is_taken = said != CLOSED and not refund.is_accepted
    kept = facts_kept(facts, refund.order.user)
    fields: dict[str, Any] = {"facts": kept, "wechat_error": error}
    if is_taken:
        fields["accepted_at"] = now
    if to == RefundState.SUCCEEDED:
        fields["succeeded_at"] = success_time(facts) or now
    fields["due_at"] = _next_look(said, now)
    _move(refund, to, said, fields)
    if is_taken:
        refund_follow(refund)
    if is_failure:
        _note_failure(refund, said)


def _move(refund: Refund, to: RefundState, said: str, fields: dict[str, Any]) -> None:
    if refund.state == to:
        # Abnormal after closed, or the other way round: the same state, told anew.
        Refund.objects.filter(pk=refund.pk).update(**fields)
        for name, value in fields.items():
            setattr(refund, name, value)
        return
    refund_move(refund=refund, to=to, operator_id=None, reason=f"微信:{said}", **fields)


def _next_look(said: str, now: datetime) -> datetime | None:
    waits = {"PROCESSING": QUERY_SOON, ABNORMAL: QUERY_ABNORMAL}
    return now + waits[said] if said in waits else None


def is_by_hand(refund: Refund) -> bool:
    """Tell whether staff have paid it in another way, for WeChat did not."""
    return refund.state == RefundState.SUCCEEDED and bool(refund.wechat_error)


def refund_follow(refund: Refund) -> None:
    """Let pieces, sales, order and coupon follow a refund that has just been taken."""
    parts = list(refund.items.select_related("order_item"))
    sold: dict[int, int] = {}
    back: dict[int, int] = {}
    of_sales: dict[int, int] = {}
    for part in parts:
        item = part.order_item
        sold[item.product_id] = sold.get(item.product_id, 0) - part.quantity
        pieces = part.quantity if refund.is_restocked else part.unshipped_quantity
        if pieces:
            back[item.sku_id] = pieces
        if item.flash_sale_sku_id and part.unshipped_quantity:
            of_sales[item.flash_sale_sku_id] = part.unshipped_quantity
    if sold:
        sales_add(quantities=sold)
    if back:
        stock_refund(quantities=back, refund_no=refund.refund_no)
        takings_return(user_id=refund.order.user_id, pieces=of_sales)
    if parts:
        _end_order(refund.order)
    coupon_give_back_if_refunded(refund)


def _end_order(order: Order) -> None:
    """Move on an order of which nothing is left to ship."""
    if order.status != OrderStatus.PAID or not is_all_gone(order):
        return
    now = timezone.now()
    if order.shipments.exists():
        order_move(
            order=order,
            to=OrderStatus.SHIPPED,
            operator_id=None,
            reason="其余商品已退款",
            shipped_at=now,
        )
        return
    order_move(
        order=order,
        to=OrderStatus.CANCELLED,
        operator_id=order.closing_by_id,
        reason=order.close_reason or "全部退款",
        close_reason=order.close_reason or "全部退款",
        cancelled_at=now,
    )


@transaction.atomic(durable=True)
def refund_refuse(*, refund: Refund, wechat_code: str) -> None:
    """Book that WeChat refuses an approved refund as it was sent; staff must look.

    Locks: the order, the payment, the refund.
    """
    number = refund.out_refund_no
    refund = _locked(refund)
    if (refund.state, refund.out_refund_no) != (RefundState.APPROVED, number):
        # A twin has heard of its end, or staff have sent it anew since.
        return
    refund_move(
        refund=refund,
        to=RefundState.FAILED,
        operator_id=None,
        reason=f"微信拒绝:{wechat_code}",
        wechat_error=wechat_code[:64] or "REFUSED",
        due_at=None,
    )
    _note_failure(refund, wechat_code)


def _note_failure(refund: Refund, said: str) -> None:
    if said == ABNORMAL:
        done = "请到微信商户平台处理这笔异常退款,系统会自动查询结果"
    else:
        done = "请查明原因后在退款页面重新退款"
    anomaly_note(
        kind=AnomalyKind.REFUND_FAILED,
        key=f"{refund.out_refund_no}:{said}",
        happened=f"退款{refund.refund_no}失败,微信返回{said}",
        done=done,
        order=refund.order,
        payment=refund.payment,
        refund=refund,
        facts=refund.facts,
    )


@transaction.atomic(durable=True)
def _note_mismatch(facts: Mapping[str, Any], error: RefundMismatch) -> None:
    refund = _known(facts)
    number = refund.refund_no if refund else ascii(facts.get("out_refund_no"))[:64]
    anomaly_note(
        kind=AnomalyKind.MISMATCH,
        key=f"{number}:{error.field}",
        happened=f"微信退款{number}与系统记录不符:{error.field}",
        done="未入账,请到微信商户平台核对",
        order=refund.order if refund else None,
        payment=refund.payment if refund else None,
        refund=refund,
        facts=facts,
    )
