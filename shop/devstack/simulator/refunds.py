"""Pay v3: a refund asked for, and asked after.

Source: PAY/doc/v3/merchant, 申请退款 and 查询单笔退款. By general knowledge alone: the
wording of the refusals, the code for an unpaid payment and for more than 50 refunds,
and that a payment counts as REFUND from the first accepted refund on.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable

from .books import Books
from .clock import Clock, moment
from .messages import Answer, Request, json_answer
from .parameters import FormInvalid
from .pay_messages import PayError, posted
from .records import Payment, Refund
from .refund_form import RefundForm, refund_form_read
from .transactions import refund_facts

SUCCEEDS_SECONDS = 0.5  # the real one takes seconds to days
MOST_AGE_SECONDS = 365 * 86400
MOST_REFUNDS = 50
DIFFERENT = "订单金额或退款金额与之前请求不一致，请核实后再试"


class Refunds:
    """The endpoints on one world's books."""

    def __init__(
        self, books: Books, clock: Clock, on_accepted: Callable[[], None]
    ) -> None:
        """Keep the parts; `on_accepted` is called when one stands in the books."""
        self._books = books
        self._clock = clock
        self._on_accepted = on_accepted
        self._refusals: deque[PayError] = deque()

    def refuse_next(self, refusal: PayError, times: int) -> None:
        """Refuse the next refunds that would be accepted, so many times."""
        self._refusals.extend([refusal] * times)

    def apply(self, request: Request) -> Answer:
        """Accept a refund, or answer how the known one of this number stands.

        Raises:
            PayError: as WeChat refuses.
        """
        try:
            form = refund_form_read(posted(request))
        except FormInvalid as error:
            raise PayError(400, "PARAM_ERROR", str(error)) from error
        with self._books.transaction():
            refund = self._refund_of(form)
        self._on_accepted()
        return json_answer(200, refund_facts(refund))

    def _refund_of(self, form: RefundForm) -> Refund:
        payment = self._payment_of(form)
        known = self._books.refund(form.out_refund_no)
        if known:
            _check_repeat(known, payment, form)
            return known
        refund = self._refund_make(payment, form)
        self._check_business(payment, refund)
        if self._refusals:
            raise self._refusals.popleft()
        self._books.refund_add(refund)
        return refund

    def _payment_of(self, form: RefundForm) -> Payment:
        """Return the payment; a transaction_id, when given, decides."""
        if form.transaction_id:
            payment = self._books.payment_by_transaction(form.transaction_id)
        else:
            payment = self._books.payment(form.out_trade_no)
        if payment is None:
            raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        if form.out_trade_no not in ("", payment.out_trade_no):
            raise PayError(400, "PARAM_ERROR", "transaction_id与out_trade_no不匹配")
        return payment

    def _check_business(self, payment: Payment, refund: Refund) -> None:
        if payment.success_at is None:
            raise _invalid("订单未支付，不能退款")
        if self._clock.now() - payment.success_at > MOST_AGE_SECONDS:
            raise _invalid("订单已超过退款期限")
        if refund.total != payment.total:
            raise _invalid(DIFFERENT)
        earlier = self._books.refunds_of(payment.out_trade_no)
        left = payment.total - sum(
            one.refund for one in earlier if one.status != "CLOSED"
        )
        if left == 0:
            raise _invalid("订单已全额退款")
        if refund.refund > left:
            raise _invalid("申请退款金额大于订单可退金额")
        if len(earlier) >= MOST_REFUNDS:
            raise _invalid("部分退款次数超过限制")

    def _refund_make(self, payment: Payment, form: RefundForm) -> Refund:
        now = self._clock.now()
        day = moment(now).strftime("%Y%m%d")
        return Refund(
            out_refund_no=form.out_refund_no,
            refund_id=f"5030{secrets.randbelow(10**7):07d}{day}"
            f"{secrets.randbelow(10**10):010d}",
            out_trade_no=payment.out_trade_no,
            transaction_id=payment.transaction_id or "",
            total=form.total,
            refund=form.refund,
            reason=form.reason,
            notify_url=form.notify_url,
            created_at=now,
            due_at=time.time() + SUCCEEDS_SECONDS,
        )

    def query(self, _request: Request, out_refund_no: str) -> Answer:
        """Answer how a refund stands.

        Raises:
            PayError: 404 unknown.
        """
        refund = self._books.refund(out_refund_no)
        if refund is None:
            raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return json_answer(200, refund_facts(refund))


def _check_repeat(known: Refund, payment: Payment, form: RefundForm) -> None:
    """Compare what the real one compares; reason and notify_url stay the first ones."""
    asked = (payment.out_trade_no, form.total, form.refund)
    if asked != (known.out_trade_no, known.total, known.refund):
        raise _invalid(DIFFERENT)


def _invalid(message: str) -> PayError:
    return PayError(400, "INVALID_REQUEST", message)
