"""The shopper's hand, and notifications sent again."""

from __future__ import annotations

import json
from datetime import datetime

from shop.devstack.simulator.announcements import Announcer
from shop.devstack.simulator.books import Books
from shop.devstack.simulator.messages import Answer, Request, json_answer
from shop.devstack.simulator.notifications import Notifier, claim
from shop.devstack.simulator.pay import NotPayable, Pay
from shop.devstack.simulator.records import Notification, Payment, Prepay

from .base import ControlError, flag_read, wanted_read


class PaymentControl:
    """Pays, and repeats what was notified."""

    def __init__(
        self, books: Books, pay: Pay, announcer: Announcer, notifier: Notifier
    ) -> None:
        self._books = books
        self._pay = pay
        self._announcer = announcer
        self._notifier = notifier

    def pay(self, request: Request) -> Answer:
        """Pay as the shopper would; answer after the first delivery attempt.

        With `force` the money comes though the payment is closed or expired.

        Raises:
            ControlError: 404 unknown; 409 closed, expired or paid already.
        """
        wanted = wanted_read(request)
        prepay, force = self._prepay_wanted(wanted), flag_read(wanted, "force")
        try:
            payment, notification = self._pay.settle(
                prepay, lambda paid: claim(self._announcer.payment(paid)), force=force
            )
        except NotPayable as error:
            raise ControlError(409, f"not payable: {error}") from error
        self._notifier.deliver(notification)
        return json_answer(200, {"transactionId": payment.transaction_id})

    def _prepay_wanted(self, wanted: dict[str, object]) -> Prepay:
        out_trade_no, prepay_id = wanted.get("outTradeNo"), wanted.get("prepayId")
        prepay = None
        if isinstance(out_trade_no, str):
            prepay = self._books.prepay_newest(out_trade_no)
        elif isinstance(prepay_id, str):
            prepay = self._books.prepay(prepay_id)
        else:
            raise ControlError(400, "outTradeNo or prepayId wanted")
        if prepay is None:
            raise ControlError(404, "no such payment")
        return prepay

    def enter(self, request: Request) -> Answer:
        """Enter payments of the past, as a demo has them; known ones stay.

        Raises:
            ControlError: 400 for what is no list of payments.
        """
        payments = wanted_read(request).get("payments")
        if not isinstance(payments, list):
            raise ControlError(400, "payments is a list")
        with self._books.transaction():
            for payment in map(_past, payments):
                number = payment.out_trade_no
                if self._books.payment(number) is None:
                    # Who has paid has logged in.
                    self._books.shopper_add(
                        payment.openid,
                        payment.openid,
                        seen_at=payment.success_at or 0.0,
                    )
                    self._books.payment_add(payment)
                    self._books.prepay_add(
                        Prepay(f"wx{number}", payment.time_expire, number)
                    )
        return json_answer(200, {})

    def notify(self, request: Request) -> Answer:
        """Send the last notification of a payment or of a refund again.

        Raises:
            ControlError: 404 unknown; 409 when there has been none.
        """
        notification = self._notification_wanted(wanted_read(request))
        if notification is None:
            raise ControlError(409, "not notified yet")
        return json_answer(200, {"status": self._notifier.deliver(notification)})

    def notifications_drop(self, _request: Request) -> Answer:
        """Tell nothing more of what has been: a test begins."""
        with self._books.transaction():
            self._books.notifications_drop()
            self._books.refunds_drop()
        return json_answer(200, {})

    def _notification_wanted(self, wanted: dict[str, object]) -> Notification | None:
        out_trade_no, out_refund_no = (
            wanted.get("outTradeNo"),
            wanted.get("outRefundNo"),
        )
        if isinstance(out_trade_no, str):
            if self._books.payment(out_trade_no) is None:
                raise ControlError(404, "no such payment")
            return self._books.notification_of_payment(out_trade_no)
        if isinstance(out_refund_no, str):
            if self._books.refund(out_refund_no) is None:
                raise ControlError(404, "no such refund")
            return self._books.notification_of_refund(out_refund_no)
        raise ControlError(400, "outTradeNo or outRefundNo wanted")


def _past(wanted: object) -> Payment:
    """Return a payment that was paid: its numbers, who, fen, and when."""
    try:
        if not isinstance(wanted, dict):
            raise TypeError
        paid_at = datetime.fromisoformat(wanted["paidAt"]).timestamp()
        return Payment(
            out_trade_no=str(wanted["outTradeNo"]),
            parameters=json.dumps({"description": "历史订单"}),
            openid=str(wanted["openid"]),
            total=int(wanted["total"]),
            attach="",
            notify_url="",
            time_expire=paid_at,
            trade_state="SUCCESS",
            transaction_id=str(wanted["transactionId"]),
            success_at=paid_at,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ControlError(400, "a payment of the past wanted") from error
