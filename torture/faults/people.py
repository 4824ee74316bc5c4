"""All who buy and sell in a run, each in a thread."""

import queue
import threading
import time
from collections.abc import Callable, Iterable

from torture.faults.clerk import Clerk
from torture.faults.errands import Errands
from torture.faults.journal import Journal
from torture.faults.line import Line
from torture.faults.place import Place
from torture.faults.shopper import Shopper

SHOPPERS = 6
CLERKS = 2
# So long after the end of a run nobody waits for an answer any more.
PATIENCE_SECONDS = 60
_ERRAND_SECONDS = 0.5


class People:
    """Shoppers and clerks of a run."""

    def __init__(self, place: Place, journal: Journal, seed: str) -> None:
        self._place = place
        self._journal = journal
        self._seed = seed
        self._errands: Errands = queue.Queue()
        self._is_over = threading.Event()
        self._is_closed = threading.Event()
        self._hopeless_at = float("inf")
        self._shoppers: list[threading.Thread] = []
        self._clerks: list[threading.Thread] = []

    def start(self) -> None:
        """Let all of them come."""
        shoppers = (self._shopper(f"walker{number}") for number in range(SHOPPERS))
        clerks = (
            Clerk(self._place, self._journal, self._line()) for _ in range(CLERKS)
        )
        self._shoppers = self._threads(self._shopper_works, shoppers)
        self._clerks = self._threads(self._clerk_works, clerks)

    def stop(self) -> None:
        """Let shoppers finish what they are at, and clerks what is asked of them."""
        self._hopeless_at = time.monotonic() + PATIENCE_SECONDS
        self._is_over.set()
        for thread in self._shoppers:
            thread.join()
        self._is_closed.set()
        for thread in self._clerks:
            thread.join()

    def _line(self) -> Line:
        return Line(self._journal, lambda: time.monotonic() > self._hopeless_at)

    def _shopper(self, name: str) -> Shopper:
        return Shopper(name, self._place, self._journal, self._line(), self._seed)

    def _threads(
        self, work: Callable[..., None], people: Iterable[object]
    ) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=self._watched, args=(work, one), daemon=True)
            for one in people
        ]
        for thread in threads:
            thread.start()
        return threads

    def _watched(self, work: Callable[..., None], person: object) -> None:
        """Let an error end one person alone, and be told."""
        try:
            work(person)
        except Exception as error:
            self._journal.surprise(f"{person}: {error!r}")

    def _shopper_works(self, shopper: Shopper) -> None:
        shopper.login()
        while not self._is_over.is_set():
            shopper.visit(self._errands)

    def _clerk_works(self, clerk: Clerk) -> None:
        clerk.login()
        while not (self._is_closed.is_set() and self._errands.empty()):
            try:
                errand = self._errands.get(timeout=_ERRAND_SECONDS)
            except queue.Empty:
                continue
            clerk.do(errand)
