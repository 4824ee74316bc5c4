"""The routes under /_sim: the shopper's hand, the books to read, faults, the clock."""

from __future__ import annotations

from collections.abc import Callable

from .books import Books
from .clock import Clock
from .faults import FaultInvalid, Faults, fault_read
from .messages import Answer, Request, json_answer
from .notifications import Notifier
from .pay import NotPayable, Pay
from .records import Notification, Payment, Prepay


class ControlError(Exception):
    """A refusal on a control route."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def control_answer(act: Callable[[], Answer]) -> Answer:
    """Return what `act` answers, a refusal as `{"error": text}`."""
    try:
        return act()
    except ControlError as error:
        return json_answer(error.status, {"error": error.text})


class Control:
    """What a test or a developer does to the simulator."""

    def __init__(
        self,
        books: Books,
        clock: Clock,
        faults: Faults,
        pay: Pay,
        notifier: Notifier,
    ) -> None:
        self._books = books
        self._clock = clock
        self._faults = faults
        self._pay = pay
        self._notifier = notifier

    def pay(self, request: Request) -> Answer:
        """Pay as the shopper would; answer after the first delivery attempt.

        Raises:
            ControlError: 404 unknown; 409 closed, expired or paid already.
        """
        prepay = self._prepay_wanted(_object(request))
        try:
            payment, notification = self._pay.settle(prepay, self._notifier.write)
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

    def notify(self, request: Request) -> Answer:
        """Send the last notification of a paid payment again.

        Raises:
            ControlError: 404 unknown; 409 not paid.
        """
        out_trade_no = _object(request).get("outTradeNo")
        if not isinstance(out_trade_no, str):
            raise ControlError(400, "outTradeNo wanted")
        if self._books.payment(out_trade_no) is None:
            raise ControlError(404, "no such payment")
        notification = self._books.notification_newest(out_trade_no)
        if notification is None:
            raise ControlError(409, "not paid")
        return json_answer(200, {"status": self._notifier.deliver(notification)})

    def state(self, _request: Request) -> Answer:
        """Answer all that stands in the books; amounts are fen."""
        payments = self._books.payments_with_prepay()
        state = {
            "payments": [_payment(*known) for known in payments],
            "refunds": [],
            "messages": [],
            "shippingUploads": [],
            "notifications": [
                _notification(one) for one in self._books.notifications()
            ],
        }
        return json_answer(200, state)

    def fault_add(self, request: Request) -> Answer:
        """Order a fault and answer it as understood.

        Raises:
            ControlError: 400 for one that makes no sense.
        """
        try:
            fault = fault_read(_object(request))
        except FaultInvalid as error:
            raise ControlError(400, str(error)) from error
        self._faults.add(fault)
        return json_answer(
            200,
            {
                "route": fault.route,
                "kind": fault.kind,
                "times": fault.times,
                "seconds": fault.seconds,
            },
        )

    def faults_clear(self, _request: Request) -> Answer:
        """Drop all faults still to come."""
        self._faults.clear()
        return json_answer(200, {})

    def clock_shift(self, request: Request) -> Answer:
        """Let the simulator's clock run this many seconds ahead (or behind).

        Raises:
            ControlError: 400 when offsetSeconds is not a number.
        """
        offset = _object(request).get("offsetSeconds")
        if isinstance(offset, bool) or not isinstance(offset, int | float):
            raise ControlError(400, "offsetSeconds wanted")
        self._clock.offset_seconds = float(offset)
        return json_answer(200, {"offsetSeconds": self._clock.offset_seconds})


def _object(request: Request) -> dict[str, object]:
    try:
        return request.json_object()
    except ValueError as error:
        raise ControlError(400, "a JSON object wanted") from error


def _payment(payment: Payment, prepay_id: str) -> dict[str, object]:
    return {
        "outTradeNo": payment.out_trade_no,
        "prepayId": prepay_id,
        "transactionId": payment.transaction_id,
        "tradeState": payment.trade_state,
        "total": payment.total,
        "openid": payment.openid,
    }


def _notification(notification: Notification) -> dict[str, object]:
    return {
        "outTradeNo": notification.out_trade_no,
        "tries": notification.tries,
        "delivered": bool(notification.delivered),
        "pending": notification.due_at is not None,
        "lastStatus": notification.last_status,
    }
