"""Refunds in the books."""

from __future__ import annotations

from dataclasses import fields

from shop.devstack.simulator.records import Payment, Refund, RefundStatus

from .store import Store


class RefundBooks(Store):
    """One row for each out_refund_no."""

    def refund_add(self, refund: Refund) -> None:
        """Enter an accepted refund; from now on its payment counts as refunded."""
        self._insert("refunds", refund)
        self._write(
            "UPDATE payments SET trade_state = 'REFUND' WHERE out_trade_no = ?",
            refund.out_trade_no,
        )

    def refund(self, out_refund_no: str) -> Refund | None:
        """Return one refund."""
        rows = self._all("SELECT * FROM refunds WHERE out_refund_no = ?", out_refund_no)
        return Refund(**rows[0]) if rows else None

    def refunds(self) -> list[Refund]:
        """Return all refunds, oldest first."""
        return [
            Refund(**row) for row in self._all("SELECT * FROM refunds ORDER BY rowid")
        ]

    def refunds_of(self, out_trade_no: str) -> list[Refund]:
        """Return a payment's refunds, whatever became of them."""
        rows = self._all("SELECT * FROM refunds WHERE out_trade_no = ?", out_trade_no)
        return [Refund(**row) for row in rows]

    def refunds_accepted(
        self, since: float, until: float
    ) -> list[tuple[Payment, Refund]]:
        """Return what was accepted in that time and not closed, with its payment."""
        rows = self._all(
            "SELECT p.*, r.* FROM refunds r JOIN payments p USING (out_trade_no)"
            " WHERE r.created_at >= ? AND r.created_at < ? AND r.status <> 'CLOSED'",
            since,
            until,
        )
        ends = len(fields(Payment))
        return [
            (Payment(*tuple(row)[:ends]), Refund(*tuple(row)[ends:])) for row in rows
        ]

    def refunds_due(self, now: float) -> list[Refund]:
        """Return those whose time to succeed has come, oldest first."""
        rows = self._all("SELECT * FROM refunds WHERE due_at <= ? ORDER BY due_at", now)
        return [Refund(**row) for row in rows]

    def refunds_next_due_at(self) -> float | None:
        """Return when the next refund succeeds, None when none is under way."""
        at: float | None
        at = self._all("SELECT MIN(due_at) AS at FROM refunds")[0]["at"]
        return at

    def refunds_drop(self) -> None:
        """Let no refund that is under way end by itself."""
        self._write("UPDATE refunds SET due_at = NULL")

    def refund_end(
        self, out_refund_no: str, status: RefundStatus, success_at: float | None
    ) -> None:
        """Enter what became of a refund."""
        self._write(
            "UPDATE refunds SET status = ?, success_at = ?, due_at = NULL"
            " WHERE out_refund_no = ?",
            status,
            success_at,
            out_refund_no,
        )
