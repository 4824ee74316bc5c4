"""Notifications to the merchant, and how their delivery stands, in the books."""

from __future__ import annotations

from shop.devstack.simulator.records import Notification

from .store import Store


class NotificationBooks(Store):
    """One row for each notification, delivered or not."""

    def notification_add(self, notification: Notification) -> None:
        """Enter a notification to be delivered."""
        self._insert("notifications", notification)

    def notification_of_payment(self, out_trade_no: str) -> Notification | None:
        """Return the last notification that a payment succeeded."""
        rows = self._all(
            "SELECT * FROM notifications WHERE out_trade_no = ?"
            " AND out_refund_no IS NULL ORDER BY rowid DESC LIMIT 1",
            out_trade_no,
        )
        return Notification(**rows[0]) if rows else None

    def notification_of_refund(self, out_refund_no: str) -> Notification | None:
        """Return the last notification about a refund."""
        rows = self._all(
            "SELECT * FROM notifications WHERE out_refund_no = ?"
            " ORDER BY rowid DESC LIMIT 1",
            out_refund_no,
        )
        return Notification(**rows[0]) if rows else None

    def notifications_due(self, now: float) -> list[Notification]:
        """Return what is due, oldest first."""
        rows = self._all(
            "SELECT * FROM notifications WHERE due_at <= ? ORDER BY due_at", now
        )
        return [Notification(**row) for row in rows]

    def notifications(self) -> list[Notification]:
        """Return all notifications, oldest first."""
        rows = self._all("SELECT * FROM notifications ORDER BY rowid")
        return [Notification(**row) for row in rows]

    def notifications_next_due_at(self) -> float | None:
        """Return when the next delivery is due, None when none is."""
        at: float | None
        at = self._all("SELECT MIN(due_at) AS at FROM notifications")[0]["at"]
        return at

    def notifications_due_now(self, now: float) -> None:
        """Bring every unfinished delivery forward: its old process is gone."""
        self._write("UPDATE notifications SET due_at = ? WHERE due_at IS NOT NULL", now)

    def notifications_drop(self) -> None:
        """Give up what is still to be delivered."""
        self._write("UPDATE notifications SET due_at = NULL")

    def notification_update(
        self,
        notification_id: str,
        *,
        due_at: float | None,
        tries: int,
        delivered: bool,
        last_status: int | None,
    ) -> None:
        """Enter how a delivery stands; what was delivered once stays so."""
        self._write(
            "UPDATE notifications SET due_at = ?, tries = ?,"
            " delivered = delivered OR ?, last_status = ? WHERE id = ?",
            due_at,
            tries,
            delivered,
            last_status,
            notification_id,
        )
