"""What a service tells of a parcel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class TraceUnavailable(Exception):
    """The service did not answer, or not about the parcel: ask again later."""


class TraceRefused(TraceUnavailable):
    """The service will not tell: the number is locked, the keys are wrong."""


@dataclass(frozen=True, slots=True)
class TraceStep:
    """What a carrier has written down of a parcel, and when."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a parcel is, and its steps, newest first; none before it is picked up.

    `state` is one of STATES, or empty while nothing is known.
    """

    state: str = ""
    steps: Sequence[TraceStep] = ()

    @property
    def is_over(self) -> bool:
        """Tell whether the carrier has nothing more to do."""
        return self.state in ("delivered", "returned")


STATES = {
    "collected": "已揽收",
    "in_transit": "运输中",
    "delivering": "派送中",
    "delivered": "已签收",
    "trouble": "异常",
    "returning": "退回中",
    "returned": "已退回",
}
