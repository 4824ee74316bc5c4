"""Notifications to the merchant: signed, delivered and tried again."""

from __future__ import annotations

import http.client
import secrets
import socket
import struct
import threading
import time
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from .books import Books
from .faults import Fault, Faults
from .records import Notification
from .signing import Platform

# WeChat tries 15 times in a day (15 s, 15 s, 30 s, 3 m, 10 m ...). Here as often in
# under eight minutes: soon enough to watch, long enough to start a shop again.
RETRY_SECONDS = (1, 1, 2, 4, 8, 15, 30, 30, 60, 60, 60, 60, 60, 60)
ANSWER_SECONDS = 5.0
CLAIM_SECONDS = 3600.0  # longer than any attempt, a slow one included: no two take one
AT_ONCE = 8
LOST = frozenset({"reset", "500", "html"})  # broken on the way: nothing arrives


class Notifier:
    """Delivers what stands in the books; retries run on threads of its own."""

    def __init__(self, books: Books, platform: Platform, faults: Faults) -> None:
        """Keep the parts; nothing runs before `start`."""
        self._books = books
        self._platform = platform
        self._faults = faults
        self._changed = threading.Event()
        self._places = threading.Semaphore(AT_ONCE)
        self._delayed: set[str] = set()

    def start(self) -> None:
        """Take up what an earlier process left undelivered, and go on."""
        self._books.notifications_due_now(time.time())
        threading.Thread(target=self._run, name="retries", daemon=True).start()

    def wake(self) -> None:
        """Look for what has become due."""
        self._changed.set()

    def deliver(self, notification: Notification) -> int | None:
        """Make one attempt, enter the outcome, and return the status if any came.

        The body is always the same, the signature fresh. Under the faults never and
        delay it returns at once, nothing being sent.
        """
        status = self._attempt(notification)
        self.wake()
        return status

    def _attempt(self, notification: Notification) -> int | None:
        fault = self._fault(notification)
        kind = fault.kind if fault else ""
        if fault and kind == "never":
            self._enter(notification, due_at=None, status=None, tries=0)
            return None
        if fault and kind == "delay":
            self._delayed.add(notification.id)
            due_at = time.time() + fault.seconds
            self._enter(notification, due_at=due_at, status=None, tries=0)
            return None
        status = self._send_under(fault, notification)
        self._enter(
            notification, due_at=_next_due_at(notification, status), status=status
        )
        return status

    def _fault(self, notification: Notification) -> Fault | None:
        if notification.id in self._delayed:  # has had its fault
            self._delayed.discard(notification.id)
            return None
        return self._faults.take("notify")

    def _enter(
        self,
        notification: Notification,
        *,
        due_at: float | None,
        status: int | None,
        tries: int = 1,
    ) -> None:
        self._books.notification_update(
            notification.id,
            due_at=due_at,
            tries=notification.tries + tries,
            delivered=_is_success(status),
            last_status=status,
        )

    def _send_under(
        self, fault: Fault | None, notification: Notification
    ) -> int | None:
        body = notification.body
        headers = self._headers(body)
        match fault.kind if fault else "":
            case "slow":
                time.sleep(fault.seconds if fault else 0)
            case "drop_reply":
                _post(notification.url, headers, body)
                return None
            case "half_json":
                body = body[: len(body) // 2]
            case "duplicate":
                return self._send_twice(notification)
            case kind if kind in LOST:
                _break(notification.url)
                return None
        return _post(notification.url, headers, body)

    def _send_twice(self, notification: Notification) -> int | None:
        """Send over two links at the same time, as WeChat may."""
        other = threading.Thread(
            target=_post,
            args=(
                notification.url,
                self._headers(notification.body),
                notification.body,
            ),
            daemon=True,
        )
        other.start()
        headers = self._headers(notification.body)
        status = _post(notification.url, headers, notification.body)
        other.join(2 * ANSWER_SECONDS)
        return status

    def _headers(self, body: bytes) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "Accept": "*/*",
            "User-Agent": "Mozilla/4.0",
            "Connection": "close",
            "Request-ID": secrets.token_hex(16).upper(),
            **self._platform.headers(body),
        }

    def _run(self) -> None:
        while True:
            self._changed.clear()
            for notification in self._books.notifications_due(time.time()):
                self._start_delivery(notification)
            due_at = self._books.notifications_next_due_at()
            wait = None if due_at is None else max(0.0, due_at - time.time())
            self._changed.wait(wait)

    def _start_delivery(self, notification: Notification) -> None:
        self._places.acquire()
        claimed = claim(notification)
        self._enter(claimed, due_at=claimed.due_at, status=claimed.last_status, tries=0)
        threading.Thread(target=self._deliver_one, args=(claimed,), daemon=True).start()

    def _deliver_one(self, notification: Notification) -> None:
        try:
            self.deliver(notification)
        finally:
            self._places.release()


def claim(notification: Notification) -> Notification:
    """Return it as its sender's own: the retries leave it alone."""
    return replace(notification, due_at=time.time() + CLAIM_SECONDS)


def _is_success(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def _next_due_at(notification: Notification, status: int | None) -> float | None:
    """Return when to try again after this attempt, None for never."""
    if _is_success(status) or notification.due_at is None:
        return None
    if notification.tries >= len(RETRY_SECONDS):
        return None
    return time.time() + RETRY_SECONDS[notification.tries]


def _connect(parts: SplitResult) -> http.client.HTTPConnection:
    kind = (
        http.client.HTTPSConnection
        if parts.scheme == "https"
        else http.client.HTTPConnection
    )
    return kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)


def _post(url: str, headers: dict[str, str], body: bytes) -> int | None:
    """Post and return the status, None when no answer came; redirects are answers."""
    parts = urlsplit(url)
    connection = _connect(parts)
    try:
        connection.request("POST", parts.path or "/", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _break(url: str) -> None:
    """Connect and reset at once, as when the way to the shop is broken."""
    connection = _connect(urlsplit(url))
    try:
        connection.connect()
        connection.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
    except OSError:
        return
    finally:
        connection.close()
