"""Which faults happen, and in which sequence: drawn from a seed, to be repeated."""

from dataclasses import dataclass
from enum import StrEnum

from torture.faults.dice import dice_make
from torture.faults.targets import Target


class Deal(StrEnum):
    """What is done to a target."""

    KILL = "killed"
    STOP = "stopped"
    SLOW = "slowed"
    ANSWER = "answers"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; a `route` of WeChat's answers some requests with `trouble`."""

    deal: Deal
    target: Target
    seconds: float = 0.0
    route: str = ""
    trouble: str = ""

    @property
    def name(self) -> str:
        """Return what it is called in the table."""
        if self.deal == Deal.ANSWER:
            return f"{self.target}: {self.route} {self.trouble.replace('_', ' ')}"
        return f"{self.target} {self.deal}"


# Each target so often in a run: 21 kills.
KILLS = 3
# So long at most; within it nobody is taken for dead.
_SECONDS = (1.0, 3.0)
# Route and trouble. Silence about a payment is mended by a query after five minutes,
# longer than a run.
_ANSWERS = (
    ("prepay", "drop_reply"),
    ("prepay", "slow"),
    ("notify", "duplicate"),
    ("notify", "drop_reply"),
    ("notify", "delay"),
    ("close", "500"),
    ("close", "drop_reply"),
    ("refund", "drop_reply"),
    ("refund", "half_json"),
    ("refund", "html"),
)
ANSWERS = 4


def plan_draw(seed: str) -> list[Fault]:
    """Return the faults of a run."""
    dice = dice_make(seed)
    faults = [Fault(Deal.KILL, target) for target in Target for _ in range(KILLS)]
    for deal in (Deal.STOP, Deal.SLOW):
        faults += [
            Fault(deal, target, round(dice.uniform(*_SECONDS), 1))
            for target in Target
            # One connection hangs with all the others.
            if target != Target.BACKEND
        ]
    faults += [
        Fault(Deal.ANSWER, Target.SIMULATOR, 2.0, route, trouble)
        for route, trouble in dice.sample(_ANSWERS, ANSWERS)
    ]
    dice.shuffle(faults)
    return faults
