"""What the shop and WeChat have promised to those who asked, and how often they did."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

# The time between two faults.
QUIET = "none"


class Deed(StrEnum):
    """What was acknowledged, by HTTP 2xx or by the page that follows a form."""

    STOCKED = "stocked"
    PLACED = "placed"
    PAID = "paid"
    CANCELLED = "cancelled"
    ASKED = "asked for money back"
    GRANTED = "granted"
    SHIPPED = "shipped"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Promise:
    """One acknowledged write; `fault` is what went on by then.

    `number` names an order, a refund (asked, granted) or a SKU (stocked). `amount` is
    in fen, of a SKU in pieces. `proof` is the key of a placed order, the transaction of
    a payment, the parcel of a shipment.
    """

    deed: Deed
    number: str
    amount: int = 0
    proof: str = ""
    fault: str = QUIET


@dataclass
class Journal:
    """Filled by all threads of a run; `fault` is what goes on now."""

    fault: str = QUIET
    promises: list[Promise] = field(default_factory=list)
    # Every key that was sent, answered or not.
    keys: set[str] = field(default_factory=set)
    requests: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    # What nobody should ever be told, whatever breaks.
    surprises: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(
        self, deed: Deed, number: str, *, amount: int = 0, proof: str = ""
    ) -> None:
        """Write down what was acknowledged."""
        promise = Promise(deed, number, amount, proof, self.fault)
        with self._lock:
            self.promises.append(promise)

    def key_note(self, key: str) -> None:
        """Write down a key before it is sent."""
        with self._lock:
            self.keys.add(key)

    def count(self, *, is_failure: bool) -> None:
        """Count a request; a failure is one without an answer, or with a 5xx."""
        with self._lock:
            self.requests[self.fault] += 1
            self.failures[self.fault] += is_failure

    def surprise(self, text: str) -> None:
        """Write down an answer that makes no sense."""
        with self._lock:
            self.surprises.append(text)
