"""What becomes of accepted refunds: they succeed by themselves, or as they are told."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from .announcements import Announcer
from .books import Books
from .clock import Clock
from .notifications import Notifier, claim
from .records import Notification, RefundStatus


class NotDecidable(Exception):
    """The refund has ended already."""


class RefundEnds:
    """Ends refunds, each with its notification; a thread does it when they are due."""

    def __init__(
        self, books: Books, clock: Clock, announcer: Announcer, notifier: Notifier
    ) -> None:
        """Keep the parts; nothing runs before `start`."""
        self._books = books
        self._clock = clock
        self._announcer = announcer
        self._notifier = notifier
        self._changed = threading.Event()
        self._held = False

    def start(self) -> None:
        """Go on with what an earlier process left in PROCESSING."""
        threading.Thread(target=self._run, name="refunds", daemon=True).start()

    def wake(self) -> None:
        """Look for what has become due."""
        self._changed.set()

    def hold(self, *, held: bool) -> None:
        """Keep all refunds in PROCESSING until released; ends with the process."""
        with self._books.transaction():
            self._held = held
        self.wake()

    def decide(self, out_refund_no: str, status: RefundStatus) -> int | None:
        """End a refund, notify at once, and return the shop's status if any came.

        An ABNORMAL one may still be ended otherwise, as by hand on the merchant
        platform.

        Raises:
            NotDecidable: it has succeeded or is closed.
        """
        with self._books.transaction():
            notification = self._end(out_refund_no, status)
            if notification:
                notification = claim(notification)
                self._books.notification_add(notification)
        return self._notifier.deliver(notification) if notification else None

    def _end(self, out_refund_no: str, status: RefundStatus) -> Notification | None:
        """Return the notification, None for a refund that named no address."""
        refund = self._books.refund(out_refund_no)
        if refund is None or refund.status not in ("PROCESSING", "ABNORMAL"):
            raise NotDecidable
        success_at = self._clock.now() if status == "SUCCESS" else None
        self._books.refund_end(out_refund_no, status, success_at)
        ended = replace(refund, status=status, success_at=success_at)
        return self._announcer.refund(ended) if refund.notify_url else None

    def _run(self) -> None:
        while True:
            self._changed.clear()
            for refund in self._books.refunds_due(time.time()):
                self._succeed(refund.out_refund_no)
            self._changed.wait(self._seconds_to_wait())

    def _seconds_to_wait(self) -> float | None:
        due_at = None if self._held else self._books.refunds_next_due_at()
        return None if due_at is None else max(0.0, due_at - time.time())

    def _succeed(self, out_refund_no: str) -> None:
        with self._books.transaction():
            refund = self._books.refund(out_refund_no)
            # Held, or decided since it was found due.
            if self._held or refund is None or refund.due_at is None:
                return
            notification = self._end(out_refund_no, "SUCCESS")
            if notification:
                self._books.notification_add(notification)
        self._notifier.wake()
