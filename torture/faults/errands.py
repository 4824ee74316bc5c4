"""What shoppers wait for clerks to do."""

import queue
from dataclasses import dataclass
from typing import TypeAlias

from torture.faults.journal import Deed


@dataclass(frozen=True, slots=True)
class Errand:
    """An order to ship, or a refund to grant; `number` is its number."""

    deed: Deed
    number: str


Errands: TypeAlias = "queue.Queue[Errand]"
