"""One fault run: people buy, parts fail, all comes to rest, the books are checked."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import requests

from torture.faults.books import shop_books_read, wechat_books_read
from torture.faults.checking import Finding, books_check
from torture.faults.dice import dice_make
from torture.faults.inflicting import answers_mend, fault_inflict
from torture.faults.journal import QUIET, Journal
from torture.faults.line import GaveUp, Line
from torture.faults.people import People
from torture.faults.place import Place, products_stock
from torture.faults.plan import Fault
from torture.faults.shopper import Shopper
from torture.faults.targets import StackProcesses

# The shop is given up for lost when it does not work again for so long.
LOST_SECONDS = 120
# A job that a killed worker had in hand is taken up within 90 s. An order that WeChat
# would not close is asked for again after as long as it has been closing, which may be
# as long as the run: that comes on top.
SETTLE_SECONDS = 180
_SETTLE_POLL_SECONDS = 0.5
_QUIET_SECONDS = (0.2, 1.0)

# How much is still on its way.
_UNSETTLED = """
SELECT (SELECT count(*) FROM orders_order
        WHERE closing_at IS NOT NULL AND status IN ('pending', 'paid'))
    + (SELECT count(*) FROM orders_refund WHERE state IN ('approved', 'processing'))
    + (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
        AND task_name LIKE 'orders.jobs.%' AND queueing_lock IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds after a fault: until an order was placed, and until all worked."""

    order_seconds: float = 0.0
    whole_seconds: float = 0.0

    def longest(self, other: "Recovery") -> "Recovery":
        """Return the longer ones of both."""
        return Recovery(
            max(self.order_seconds, other.order_seconds),
            max(self.whole_seconds, other.whole_seconds),
        )


@dataclass
class FaultRun:
    """What one run does, and what it finds."""

    place: Place
    seed: str
    journal: Journal = field(default_factory=Journal)
    times: Counter[str] = field(default_factory=Counter)
    # The longest of each fault.
    recoveries: dict[str, Recovery] = field(
        default_factory=lambda: defaultdict(Recovery)
    )
    settle_seconds: float = 0.0
    _lost_at: float = float("inf")

    def execute(self, faults: Sequence[Fault]) -> list[Finding]:
        """Let the faults happen under load; return what is wrong with the books.

        Raises: GaveUp when the shop does not work again, LookupError when a part does
            not come up again.
        """
        *products, own = products_stock(self.place, self.journal, self._line())
        people = People(replace(self.place, products=products), self.journal, self.seed)
        begun = time.monotonic()
        people.start()
        try:
            self._faults_happen(faults, replace(self.place, products=[own]))
        finally:
            people.stop()
        answers_mend(self.place.wechat)
        self._settle(SETTLE_SECONDS + time.monotonic() - begun)
        return self._books_check()

    def _line(self) -> Line:
        return Line(self.journal, lambda: time.monotonic() > self._lost_at)

    def _faults_happen(self, faults: Sequence[Fault], place: Place) -> None:
        dice = dice_make(self.seed)
        stack = StackProcesses(place.pid, dice)
        probe = Shopper("probe", place, self.journal, self._line(), self.seed)
        probe.login()
        self._whole_path_take(probe)
        for fault in faults:
            time.sleep(dice.uniform(*_QUIET_SECONDS))
            self.journal.fault = fault.name
            fault_inflict(fault, stack, place.wechat)
            recovery = self._whole_path_take(probe)
            self.journal.fault = QUIET
            self.times[fault.name] += 1
            longest = self.recoveries[fault.name].longest(recovery)
            self.recoveries[fault.name] = longest

    def _whole_path_take(self, probe: Shopper) -> Recovery:
        """Place, pay, cancel and get the money back; return how long it took.

        It takes every part of the shop, and what waits before it in the queue.
        """
        begun = time.monotonic()
        self._lost_at = begun + LOST_SECONDS
        order = probe.place()
        if order is None:
            raise GaveUp("the probe's own product is sold out")
        placed = time.monotonic()
        probe.pay(order)
        probe.cancel(order)
        probe.wait_until(order, "cancelled")
        return Recovery(placed - begun, time.monotonic() - begun)

    def _settle(self, patience_seconds: float) -> None:
        """Wait until nothing is on its way; what never ends the books will tell."""
        begun = time.monotonic()
        with self.place.database() as link:
            while self._is_unsettled(link) and self.settle_seconds < patience_seconds:
                time.sleep(_SETTLE_POLL_SECONDS)
                self.settle_seconds = time.monotonic() - begun

    def _is_unsettled(self, link: psycopg.Connection) -> bool:
        notices = self._state()["notifications"]
        [[left]] = link.execute(_UNSETTLED).fetchall()
        return left > 0 or any(one["pending"] for one in notices)

    def _books_check(self) -> list[Finding]:
        with self.place.database() as link:
            shop = shop_books_read(link.cursor())
        return books_check(self.journal, shop, wechat_books_read(self._state()))

    def _state(self) -> dict[str, Any]:
        answer = requests.get(f"{self.place.wechat}/_sim/state", timeout=30)
        answer.raise_for_status()
        state: dict[str, Any] = answer.json()
        return state
