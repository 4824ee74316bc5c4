"""Payments and their prepay_ids in the books."""

from __future__ import annotations

from dataclasses import fields

from shop.devstack.simulator.records import Payment, Prepay

from .store import Store


class PaymentBooks(Store):
    """One row for each out_trade_no, one for each prepay_id."""

    def payment_add(self, payment: Payment) -> None:
        """Enter a new payment."""
        self._insert("payments", payment)

    def payment(self, out_trade_no: str) -> Payment | None:
        """Return one payment."""
        rows = self._all("SELECT * FROM payments WHERE out_trade_no = ?", out_trade_no)
        return Payment(**rows[0]) if rows else None

    def payment_by_transaction(self, transaction_id: str) -> Payment | None:
        """Return the payment that WeChat knows by this number."""
        rows = self._all(
            "SELECT * FROM payments WHERE transaction_id = ?", transaction_id
        )
        return Payment(**rows[0]) if rows else None

    def payment_success(
        self, out_trade_no: str, *, transaction_id: str, success_at: float
    ) -> None:
        """Enter that the shopper has paid, be the payment closed or not."""
        self._write(
            "UPDATE payments SET trade_state = 'SUCCESS', transaction_id = ?,"
            " success_at = ? WHERE out_trade_no = ? AND transaction_id IS NULL",
            transaction_id,
            success_at,
            out_trade_no,
        )

    def payment_close(self, out_trade_no: str) -> None:
        """Enter that the merchant has closed an unpaid payment."""
        self._write(
            "UPDATE payments SET trade_state = 'CLOSED'"
            " WHERE out_trade_no = ? AND trade_state = 'NOTPAY'",
            out_trade_no,
        )

    def payments_succeeded(self, since: float, until: float) -> list[Payment]:
        """Return what was paid from `since` until before `until`."""
        rows = self._all(
            "SELECT * FROM payments WHERE success_at >= ? AND success_at < ?",
            since,
            until,
        )
        return [Payment(**row) for row in rows]

    def payments_with_prepay(self) -> list[tuple[Payment, str]]:
        """Return all payments, oldest first, each with its newest prepay_id."""
        rows = self._all(
            "SELECT p.*, (SELECT prepay_id FROM prepays r"
            " WHERE r.out_trade_no = p.out_trade_no ORDER BY rowid DESC LIMIT 1)"
            " AS prepay_id FROM payments p ORDER BY p.rowid"
        )
        return [
            (Payment(*tuple(row)[: len(fields(Payment))]), row["prepay_id"])
            for row in rows
        ]

    def prepay_add(self, prepay: Prepay) -> None:
        """Enter a prepay_id given out."""
        self._insert("prepays", prepay)

    def prepay(self, prepay_id: str) -> Prepay | None:
        """Return one prepay_id's entry."""
        rows = self._all("SELECT * FROM prepays WHERE prepay_id = ?", prepay_id)
        return Prepay(**rows[0]) if rows else None

    def prepay_newest(self, out_trade_no: str) -> Prepay | None:
        """Return the newest prepay_id of a payment."""
        rows = self._all(
            "SELECT * FROM prepays WHERE out_trade_no = ? ORDER BY rowid DESC LIMIT 1",
            out_trade_no,
        )
        return Prepay(**rows[0]) if rows else None
