"""Shoppers, login codes and access tokens in the books."""

from __future__ import annotations

from .store import Store


class AccountBooks(Store):
    """Who has logged in, and by which token the shop calls."""

    def shopper_add(self, openid: str, name: str, *, seen_at: float) -> None:
        """Remember a shopper who has logged in, and when that was last."""
        self._write(
            "INSERT INTO shoppers (openid, name, seen_at) VALUES (?, ?, ?)"
            " ON CONFLICT (openid)"
            " DO UPDATE SET seen_at = max(seen_at, excluded.seen_at)",
            openid,
            name,
            seen_at,
        )

    def shopper_exists(self, openid: str) -> bool:
        """Tell whether this openid has ever logged in."""
        return bool(self._all("SELECT 1 FROM shoppers WHERE openid = ?", openid))

    def shopper_seen_at(self, openid: str) -> float | None:
        """Return when this openid has logged in last; None: never."""
        rows = self._all("SELECT seen_at FROM shoppers WHERE openid = ?", openid)
        return rows[0]["seen_at"] if rows else None

    def code_spend(self, code: str) -> bool:
        """Spend a single-use code; False when it was spent before."""
        return self._write("INSERT OR IGNORE INTO spent_codes VALUES (?)", code) == 1

    def token_add(
        self, token: str, *, issued_at: float, expires_at: float, forced: bool
    ) -> None:
        """Remember an access token."""
        self._write(
            "INSERT INTO tokens (token, issued_at, expires_at, forced)"
            " VALUES (?, ?, ?, ?)",
            token,
            issued_at,
            expires_at,
            forced,
        )

    def token_newest(self) -> tuple[str, float] | None:
        """Return the newest token and when it expires."""
        rows = self._all(
            "SELECT token, expires_at FROM tokens ORDER BY rowid DESC LIMIT 1"
        )
        return (rows[0]["token"], rows[0]["expires_at"]) if rows else None

    def token(self, token: str) -> tuple[float, int] | None:
        """Return when a token ends and the errcode of its end; None for an unknown."""
        rows = self._all(
            "SELECT expires_at, errcode FROM tokens WHERE token = ?", token
        )
        return (rows[0]["expires_at"], rows[0]["errcode"]) if rows else None

    def tokens_end(self, ends_at: float, errcode: int) -> None:
        """Let every token that lives longer end at `ends_at`, with this errcode."""
        self._write(
            "UPDATE tokens SET expires_at = ?, errcode = ? WHERE expires_at > ?",
            ends_at,
            errcode,
            ends_at,
        )

    def tokens_forced_at(self, since: float) -> list[float]:
        """Return when tokens were made by force since then, oldest first."""
        rows = self._all(
            "SELECT issued_at FROM tokens WHERE forced AND issued_at > ?"
            " ORDER BY issued_at",
            since,
        )
        return [row["issued_at"] for row in rows]
