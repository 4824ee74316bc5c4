"""Measure the contenders of a case in turn, round by round."""

from bench.cases import Case
from bench.figures import Figure
from bench.loads import Load
from bench.scales import Scale
from bench.usage import Watch


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
    used = {name: round(value, 4) for name, value in cpu.items() if value >= 0.0005}
    return Figure(**{**vars(figure), "cpu": used})
