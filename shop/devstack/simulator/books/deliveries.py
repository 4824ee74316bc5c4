"""Messages sent to shoppers, and what was told of parcels, in the books."""

from __future__ import annotations

from shop.devstack.simulator.records import Message, Upload

from .store import Store


class DeliveryBooks(Store):
    """One row for each message, one for each upload."""

    def refuser_set(self, openid: str, *, accepts: bool) -> None:
        """Remember whether a shopper takes messages; each does at first."""
        if accepts:
            self._write("DELETE FROM refusers WHERE openid = ?", openid)
        else:
            self._write("INSERT OR IGNORE INTO refusers VALUES (?)", openid)

    def refuser_is(self, openid: str) -> bool:
        """Tell whether a shopper takes no messages."""
        return bool(self._all("SELECT 1 FROM refusers WHERE openid = ?", openid))

    def message_add(self, message: Message) -> None:
        """Enter a message that was sent."""
        self._insert("messages", message)

    def messages(self) -> list[Message]:
        """Return all messages, oldest first."""
        rows = self._all("SELECT * FROM messages ORDER BY rowid")
        return [Message(**row) for row in rows]

    def upload_add(self, upload: Upload) -> None:
        """Enter an upload that was taken."""
        self._insert("uploads", upload)

    def uploads(self) -> list[Upload]:
        """Return all uploads, oldest first."""
        return [
            Upload(**row) for row in self._all("SELECT * FROM uploads ORDER BY rowid")
        ]

    def uploads_of(self, out_trade_no: str) -> list[Upload]:
        """Return a payment's uploads, oldest first."""
        rows = self._all(
            "SELECT * FROM uploads WHERE out_trade_no = ? ORDER BY rowid", out_trade_no
        )
        return [Upload(**row) for row in rows]

    def parcel_picked_up(self, number: str, at: float) -> float:
        """Return when a parcel was picked up: at the time that was said first."""
        self._write("INSERT OR IGNORE INTO parcels VALUES (?, ?)", number, at)
        rows = self._all("SELECT picked_up_at FROM parcels WHERE number = ?", number)
        return float(rows[0]["picked_up_at"])
