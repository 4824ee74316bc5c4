"""The table of a fault run: a row for each kind of fault, and one for all."""

from collections import Counter
from collections.abc import Sequence
from functools import reduce

from torture.faults.checking import Finding
from torture.faults.journal import QUIET
from torture.faults.run import FaultRun, Recovery
from torture.findings import Row


def run_rows(run: FaultRun, findings: Sequence[Finding]) -> list[Row]:
    """Return the rows; what is lost stands where it was promised."""
    promised = Counter(one.fault for one in run.journal.promises)
    lost = Counter(one.promise.fault for one in findings if one.promise)
    names = [*sorted(run.times), QUIET]
    rows = [
        _row(
            name,
            run.times[name],
            run.journal.requests[name],
            run.journal.failures[name],
            promised[name],
            lost[name],
            run.recoveries.get(name, Recovery()),
        )
        for name in names
    ]
    whole = _row(
        f"the whole run, seed {run.seed}",
        run.times.total(),
        run.journal.requests.total(),
        run.journal.failures.total(),
        promised.total(),
        lost.total(),
        reduce(Recovery.longest, run.recoveries.values(), Recovery()),
    )
    return [*rows, whole]


def _row(
    name: str,
    times: int,
    requests: int,
    failures: int,
    promised: int,
    lost: int,
    longest: Recovery,
) -> Row:
    return {
        "fault": name,
        "times": times,
        "requests": requests,
        "5xx or no answer": failures,
        "acknowledged writes": promised,
        "lost": lost,
        "first order after, s": round(longest.order_seconds, 1),
        "all works after, s": round(longest.whole_seconds, 1),
    }
