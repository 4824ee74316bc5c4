"""The table of what was lost, how it came back, and what did not."""

from collections.abc import Collection

from torture.findings import findings_record


def recovery_record(
    part: str,
    what: str,
    *,
    promised: Collection[str],
    found: Collection[str],
    later: Collection[str] = (),
    lost_seconds: float = 0,
    seconds: float,
) -> None:
    """Record a recovery whose books were right.

    `promised` is what was acknowledged by the moment that is recovered to, `later` what
    was after it; `lost_seconds` is how much time the lost ones were placed in.
    """
    row: dict[str, str | int | float] = {
        "what was done": what,
        "orders acknowledged by then": len(promised),
        "of these lost": len(set(promised).difference(found)),
        "placed within seconds": round(lost_seconds, 2),
        "later orders": len(later),
        "of these back": len(set(later).intersection(found)),
        "audit findings": 0,
        "seconds until checked": round(seconds, 1),
    }
    findings_record("recoveries", rows=[row], part=part)
