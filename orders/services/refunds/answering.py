"""What staff do with a refund: answered, retried, ended by hand."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.locks import user_lock
from orders.errors import (
    IllegalTransition,
    RefundChanged,
    SecondPersonNeeded,
)
from orders.locks import order_and_refund_lock
from orders.models import Refund, RefundDeed, RefundKind, RefundState
from orders.numbers import out_refund_no_make
from orders.services.refunds.amounts import Amounts
from orders.services.refunds.granting import (
    amounts_grant,
    is_second_needed,
    refund_grant,
)
from orders.services.refunds.returning import return_deadline
from orders.services.refunds.sending import send_later
from orders.services.refunds.settling import ABNORMAL, CLOSED, refund_follow
from orders.services.refunds.states import refund_mark, refund_move
from orders.services.refunds.withdrawing import refund_give_free
from shop.errors import Forbidden


@transaction.atomic(durable=True)
def refund_approve(
    *,
    refund_id: int,
    operator_id: int,
    is_restocked: bool,
    answer: str = "",
    amounts: Amounts | None = None,
) -> Refund:
    """Grant the money of a shopper's request; its job sends it to WeChat.

    Of a return when the goods are there, or when they need not come.

    `is_restocked`: the pieces that had left are back on the shelf. Above the limit of
    REFUND_TWO_PERSON_ABOVE it goes on waiting, for a second person.

    Locks: the order, the refund; last the day's grants.
    Raises: IllegalTransition, Invalid, DayCapReached.
    """
    refund = order_and_refund_lock(refund_id)
    _require_asked(refund)
    if refund.is_agreed:
        raise IllegalTransition("已有一人同意,等第二人审批", status=refund.state)
    amounts_grant(refund, amounts or Amounts())
    decided: dict[str, Any] = {"answer": answer, "is_restocked": is_restocked}
    if is_second_needed(refund.order, refund.amount):
        refund_mark(
            refund=refund,
            deed=RefundDeed.AGREED,
            operator_id=operator_id,
            reason=answer,
            agreed_by_id=operator_id,
            agreed_at=timezone.now(),
            **decided,
        )
    else:
        refund_grant(refund, operator_id=operator_id, reason=answer, **decided)
    return refund


@transaction.atomic(durable=True)
def refund_confirm(*, refund_id: int, operator_id: int, agreed_at: datetime) -> Refund:
    """Grant, as the second person, exactly what the first has agreed to.

    `agreed_at` is when that was, as the second person has seen it. The first one's
    word stands, whatever becomes of the first; the second must have the permission
    now.

    Locks: the operator against being deactivated; the order, the refund; last the
        day's grants.
    Raises: UserNotFound, Forbidden, SecondPersonNeeded, RefundChanged,
        IllegalTransition, DayCapReached.
    """
    operator = user_lock(user_id=operator_id)
    refund = order_and_refund_lock(refund_id)
    _require_asked(refund)
    if refund.agreed_at != agreed_at:
        raise RefundChanged
    if refund.agreed_by_id == operator_id:
        raise SecondPersonNeeded
    if not operator.has_perm(refund.grant_permission):
        raise Forbidden
    is_own = refund.kind == RefundKind.STAFF
    refund_grant(
        refund,
        operator_id=operator_id,
        reason=refund.reason if is_own else refund.answer,
    )
    return refund


@transaction.atomic(durable=True)
def refund_send_back(*, refund_id: int, operator_id: int, note: str) -> Refund:
    """Undo that one person has agreed to a shopper's request; it is answered anew.

    Goods that are to come back may take their whole time from now on.

    Locks: the order, the refund.
    Raises: IllegalTransition.
    """
    refund = order_and_refund_lock(refund_id)
    if not (refund.is_agreed and refund.kind == RefundKind.AFTER_SALE):
        raise IllegalTransition("退款单不在等第二人审批", status=refund.state)
    amounts_grant(refund, Amounts())
    is_due = refund.state == RefundState.TO_RETURN
    refund_mark(
        refund=refund,
        deed=RefundDeed.RETURNED,
        operator_id=operator_id,
        reason=note,
        agreed_by_id=None,
        agreed_at=None,
        answer="",
        is_restocked=False,
        return_before=return_deadline() if is_due else refund.return_before,
    )
    return refund


@transaction.atomic(durable=True)
def refund_reject(*, refund_id: int, operator_id: int, answer: str) -> Refund:
    """Refuse what waits to be granted; what it had set aside is free again.

    Goods that came back for nothing are sent to the shopper once more, or not, as
    staff and shopper agree: the answer says so.

    Locks: the order.
    Raises: IllegalTransition.
    """
    refund = order_and_refund_lock(refund_id)
    refund_move(
        refund=refund,
        to=RefundState.REJECTED,
        operator_id=operator_id,
        reason=answer,
        answer=answer,
    )
    refund_give_free(refund)
    return refund


@transaction.atomic(durable=True)
def refund_retry(*, refund_id: int, operator_id: int) -> Refund:
    """Send a refund once more that WeChat has refused or closed.

    Under a new number only when WeChat has closed the old one for good: any other could
    still be paid.

    Locks: the order.
    Raises: IllegalTransition, also for an abnormal one, which WeChat has taken: that is
        brought to its end at the merchant platform.
    """
    refund = order_and_refund_lock(refund_id)
    _require_state(refund, RefundState.FAILED)
    if refund.wechat_error == ABNORMAL:
        raise IllegalTransition(
            "退款异常需要到微信商户平台处理,系统会自动查询结果", status=refund.state
        )
    number = refund.out_refund_no
    if refund.wechat_error == CLOSED:
        number = out_refund_no_make(
            refund_no=refund.refund_no, attempt=refund.attempt + 1
        )
    refund_move(
        refund=refund,
        to=RefundState.APPROVED,
        operator_id=operator_id,
        reason="重新退款",
        out_refund_no=number,
        wechat_error="",
    )
    send_later(refund)
    return refund


@transaction.atomic(durable=True)
def refund_end_by_hand(*, refund_id: int, operator_id: int, note: str) -> Refund:
    """Book that a failed refund was paid in another way; WeChat is asked no more.

    What WeChat refuses for good, such as what somebody has given back at the merchant
    platform before, would else hold its order and the pieces for ever. An abnormal one
    may end so, too: its money can be taken back there and paid by a transfer. Should
    WeChat pay after all, staff hear of it.

    Locks: the order, the refund, then products, SKUs and the coupon.
    Raises: IllegalTransition.
    """
    refund = order_and_refund_lock(refund_id)
    _require_state(refund, RefundState.FAILED)
    now, is_taken = timezone.now(), refund.is_accepted
    refund_move(
        refund=refund,
        to=RefundState.SUCCEEDED,
        operator_id=operator_id,
        reason=note,
        accepted_at=refund.accepted_at or now,
        succeeded_at=now,
        due_at=None,
    )
    if not is_taken:
        refund_follow(refund)
    return refund


def _require_asked(refund: Refund) -> None:
    """Let nobody grant what has failed, or what nobody asks for any more.

    Raises: IllegalTransition.
    """
    if not refund.is_asked:
        raise _illegal(refund)


def _require_state(refund: Refund, state: RefundState) -> None:
    """Two states lead to approved; each of them by its own way alone.

    Raises: IllegalTransition.
    """
    if refund.state != state:
        raise _illegal(refund)


def _illegal(refund: Refund) -> IllegalTransition:
    label = RefundState(refund.state).label
    return IllegalTransition(f"退款{label},不能这样做", status=refund.state)
