"""WeChat's books and ours, compared to the cent."""

from collections.abc import Iterator
from typing import Any

from orders.models import Payment, PaymentState, Refund, RefundState
from orders.models.payment import RECEIVED
from orders.models.refund_states import UNDECIDED
from orders.numbers import refund_no_of
from shop.devstack.simulator.process import SimulatorProcess

# What each of WeChat's states is here: our state, and the error that we keep.
_REFUND_STATES = {
    "PROCESSING": (RefundState.PROCESSING, ""),
    "SUCCESS": (RefundState.SUCCEEDED, ""),
    "CLOSED": (RefundState.FAILED, "CLOSED"),
    "ABNORMAL": (RefundState.FAILED, "ABNORMAL"),
}
# A refund that WeChat has never heard of.
_UNHEARD = (
    *UNDECIDED,
    RefundState.APPROVED,
)


class BothBooks:
    """Compares what WeChat has entered since the test began with our rows."""

    def __init__(self, simulator: SimulatorProcess) -> None:
        self._simulator = simulator
        payments, refunds = self._theirs()
        self._earlier = payments.keys() | refunds.keys()

    def differences(self, *, is_settled: bool = True) -> list[str]:
        """Return what is wrong, in words; nothing when the books agree.

        What WeChat has not told us yet is a difference unless `is_settled` is false;
        then it is one only if nobody would ever ask.
        """
        payments, refunds = self._theirs()
        return [
            *self._of_payments(payments, is_settled),
            *self._of_refunds(refunds, is_settled),
            *_of_sums(payments, refunds),
        ]

    def _theirs(self) -> tuple[dict[str, Any], dict[str, Any]]:
        state = self._simulator.state()
        return (
            {one["outTradeNo"]: one for one in state["payments"]},
            {one["outRefundNo"]: one for one in state["refunds"]},
        )

    def _of_payments(self, theirs: dict[str, Any], is_settled: bool) -> Iterator[str]:
        ours = {payment.out_trade_no: payment for payment in Payment.objects.all()}
        for number in theirs.keys() - ours.keys() - self._earlier:
            yield f"payment {number} is unknown here"
        for number, payment in ours.items():
            known = theirs.get(number, {"tradeState": "NONE"})
            said, is_received = known["tradeState"], payment.state in RECEIVED
            came = said in ("SUCCESS", "REFUND")
            if is_received and not came:
                yield f"payment {number} is {payment.state} here, {said} there"
            if came and not is_received and is_settled:
                yield f"payment {number} has come, and is {payment.state} here"
            if said == "NOTPAY" and payment.state == PaymentState.CLOSED:
                yield f"payment {number} is closed here and can still be paid there"
            if came and is_received:
                yield from _of_payment(payment, known)

    def _of_refunds(self, theirs: dict[str, Any], is_settled: bool) -> Iterator[str]:
        ours = {refund.refund_no: refund for refund in Refund.objects.all()}
        for number, known in theirs.items():
            refund = ours.get(refund_no_of(number))
            if refund is None:
                if number not in self._earlier:
                    yield f"refund {number} is unknown here"
            elif number != refund.out_refund_no:
                if known["status"] != "CLOSED":
                    yield f"refund {number} was given up and is {known['status']} there"
            else:
                yield from _of_refund(refund, known, is_settled)
        for refund in ours.values():
            # A refusal is no refund there.
            is_heard = refund.state not in _UNHEARD and (
                refund.state != RefundState.FAILED
                or refund.wechat_error in ("CLOSED", "ABNORMAL")
            )
            if is_heard and refund.out_refund_no not in theirs:
                yield f"refund {refund} is {refund.state} here, unknown there"


def _of_payment(payment: Payment, known: dict[str, Any]) -> Iterator[str]:
    said = (known["total"], known["transactionId"])
    kept = (int(payment.amount * 100), payment.transaction_id)
    if said != kept:
        yield f"payment {payment} is {kept} here, {said} there"


def _of_refund(
    refund: Refund, known: dict[str, Any], is_settled: bool
) -> Iterator[str]:
    if known["refund"] != int(refund.amount * 100):
        yield f"refund {refund} is of {refund.amount} here, {known['refund']} fen there"
    if known["outTradeNo"] != refund.payment.out_trade_no:
        yield f"refund {refund} is of payment {known['outTradeNo']} there"
    state = (refund.state, refund.wechat_error)
    is_same = state == _REFUND_STATES[known["status"]]
    if not is_same and (is_settled or refund.due_at is None):
        yield f"refund {refund} is {state} here, {known['status']} there"


def _of_sums(payments: dict[str, Any], refunds: dict[str, Any]) -> Iterator[str]:
    """No payment gives back more than came."""
    for number, payment in payments.items():
        back = sum(
            one["refund"]
            for one in refunds.values()
            if one["outTradeNo"] == number and one["status"] != "CLOSED"
        )
        if back > payment["total"]:
            yield f"payment {number} of {payment['total']} gave {back} fen back"
