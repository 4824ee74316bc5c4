"""Measure the contenders of a case in turn, round by round."""

import dataclasses
from typing import Any

from bench.cases import Case
from bench.figures import Figure, median
from bench.loads import Load
from bench.scales import Scale
from bench.usage import Watch
from shop.devstack.terminal import say


def case_facts(case: Case, scale: Scale, watch: Watch) -> dict[str, Any]:
    """Measure a case and tell the user; return what is kept of it."""
    say(f"{case.name}: {case.title}")
    rounds = case_measure(case, scale, watch)
    for name, figures in rounds.items():
        say(_line(name, median(figures)))
    return {
        "title": case.title,
        "p99_times": case.p99_times,
        "goals": [dataclasses.asdict(goal) for goal in case.goals],
        "rounds": {
            name: [dataclasses.asdict(one) for one in figures]
            for name, figures in rounds.items()
        },
    }


def case_measure(case: Case, scale: Scale, watch: Watch) -> dict[str, list[Figure]]:
    """Return the rounds of each contender.

    In turn, because a machine is faster at one time than at another.
    """
    for load in case.loads.values():
        load.run(scale.warm_up_seconds)
    rounds: dict[str, list[Figure]] = {name: [] for name in case.loads}
    for _ in range(scale.rounds):
        for name, load in case.loads.items():
            rounds[name].append(_measure(load, scale.seconds, watch))
    return rounds


def _measure(load: Load, seconds: int, watch: Watch) -> Figure:
    """Run a load and add what each program used of the CPU."""
    watch.quiet_wait()
    before = watch.cpu_seconds()
    figure = load.run(seconds)
    after = watch.cpu_seconds()
    requests = max(1, figure.requests)
    cpu = {name: (after[name] - before[name]) * 1000 / requests for name in after}
    return dataclasses.replace(
        figure,
        per_second=round(figure.per_second, 1),
        cpu={name: round(spent, 4) for name, spent in cpu.items()},
    )


def _line(name: str, figure: Figure) -> str:
    times = ""
    if figure.p50 is not None and figure.p99 is not None:
        times = f"p50 {figure.p50:8.2f} ms  p99 {figure.p99:8.2f} ms"
    errors = f"  {figure.errors} ERRORS" if figure.errors else ""
    cpu = " ".join(
        f"{name} {spent:.3f}" for name, spent in figure.cpu.items() if spent > 0.001
    )
    return f"  {name:<26}{figure.per_second:10,.0f}/s  {times}  CPU ms: {cpu}{errors}"
