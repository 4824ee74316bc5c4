"""What becomes of refunds: decided, held or refused by a test's word."""

from __future__ import annotations

from typing import cast

from shop.devstack.simulator.books import Books
from shop.devstack.simulator.messages import Answer, Request, json_answer
from shop.devstack.simulator.pay_messages import PayError
from shop.devstack.simulator.records import RefundStatus
from shop.devstack.simulator.refund_ends import NotDecidable, RefundEnds
from shop.devstack.simulator.refunds import Refunds

from .base import ControlError, flag_read, text_read, wanted_read

ENDS = ("SUCCESS", "CLOSED", "ABNORMAL")


class RefundControl:
    """Decides what WeChat, the banks and the merchant's balance decide."""

    def __init__(self, books: Books, refunds: Refunds, ends: RefundEnds) -> None:
        self._books = books
        self._refunds = refunds
        self._ends = ends

    def decide(self, request: Request) -> Answer:
        """End a refund under way, or mend an ABNORMAL one, and notify at once.

        Raises:
            ControlError: 404 unknown; 409 it has succeeded or is closed.
        """
        wanted = wanted_read(request)
        out_refund_no, status = text_read(wanted, "outRefundNo"), wanted.get("status")
        if status not in ENDS:
            raise ControlError(400, f"status is one of {' '.join(ENDS)}")
        if self._books.refund(out_refund_no) is None:
            raise ControlError(404, "no such refund")
        try:
            told = self._ends.decide(out_refund_no, cast(RefundStatus, status))
        except NotDecidable as error:
            raise ControlError(409, "the refund has ended") from error
        return json_answer(200, {"status": told})

    def hold(self, request: Request) -> Answer:
        """Keep refunds in PROCESSING until decided, or let them go on.

        Raises:
            ControlError: 400 when `hold` is neither true nor false.
        """
        held = flag_read(wanted_read(request), "hold")
        self._ends.hold(held=held)
        return json_answer(200, {"hold": held})

    def refuse(self, request: Request) -> Answer:
        """Refuse the next refunds with a code; NOT_ENOUGH, 403, once unless told.

        Raises:
            ControlError: 400 for a refusal that makes no sense.
        """
        wanted = {"code": "NOT_ENOUGH", "status": 403, "times": 1} | wanted_read(
            request
        )
        code, status, times = wanted["code"], wanted["status"], wanted["times"]
        if not isinstance(code, str) or not code:
            raise ControlError(400, "code is a text")
        if type(status) is not int or not 400 <= status <= 599:
            raise ControlError(400, "status is a number from 400 to 599")
        if type(times) is not int or times < 1:
            raise ControlError(400, "times is a whole number from 1")
        self._refunds.refuse_next(PayError(status, code, "退款未受理"), times)
        return json_answer(200, {"code": code, "status": status, "times": times})
