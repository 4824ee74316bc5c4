"""A seed is a plan: of twenty kills and more, and of every kind of fault."""

from collections import Counter

from torture.faults.plan import ANSWERS, Deal, plan_draw
from torture.faults.targets import Target


def test_a_seed_gives_the_same_faults_again() -> None:
    assert plan_draw("one") == plan_draw("one")
    assert plan_draw("one") != plan_draw("two")


def test_everything_is_killed_stopped_and_slowed() -> None:
    counts = Counter((fault.deal, fault.target) for fault in plan_draw("one"))
    hung = set(Target) - {Target.BACKEND}
    assert counts == (
        dict.fromkeys([(Deal.KILL, target) for target in Target], 3)
        | dict.fromkeys([(Deal.STOP, target) for target in hung], 1)
        | dict.fromkeys([(Deal.SLOW, target) for target in hung], 1)
        | {(Deal.ANSWER, Target.SIMULATOR): ANSWERS}
    )
    assert sum(fault.deal == Deal.KILL for fault in plan_draw("one")) == 21
