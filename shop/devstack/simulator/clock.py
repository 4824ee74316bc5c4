"""The simulator's own idea of the time, which a test may shift."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


class Clock:
    """Wall time plus an offset; deliveries and faults keep to real time."""

    def __init__(self) -> None:
        self.offset_seconds = 0.0

    def now(self) -> float:
        """Return epoch seconds."""
        return time.time() + self.offset_seconds


def moment(epoch_seconds: float) -> datetime:
    """Return the moment in China's time zone."""
    return datetime.fromtimestamp(epoch_seconds, UTC).astimezone(CHINA)


def rfc3339(epoch_seconds: float) -> str:
    """Return the moment as WeChat writes it: whole seconds and +08:00."""
    return moment(epoch_seconds).isoformat(timespec="seconds")
