"""What a measurement gives."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One round of one contender; times in milliseconds, CPU in ms a request."""

    requests: int
    per_second: float
    p50: float | None = None
    p99: float | None = None
    errors: int = 0
    cpu: Mapping[str, float] = field(default_factory=dict)


def median(figures: Sequence[Figure]) -> Figure:
    """Return the medians of several rounds; errors add up, as requests do."""
    return Figure(
        requests=sum(one.requests for one in figures),
        per_second=statistics.median(one.per_second for one in figures),
        p50=_middle([one.p50 for one in figures]),
        p99=_middle([one.p99 for one in figures]),
        errors=sum(one.errors for one in figures),
        cpu={
            name: statistics.median(one.cpu[name] for one in figures)
            for name in figures[0].cpu
        },
    )


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def figure_read(facts: Mapping[str, Any]) -> Figure:
    """Return the figure that was kept as JSON."""
    return Figure(**facts)
