"""Somebody who orders without end, and what the shop has promised them."""

import threading
import time
from collections.abc import Callable

from conftest import wait_until


class Buyer(threading.Thread):
    """`acknowledged` holds the numbers of the orders, and when each was promised."""

    def __init__(self, place: Callable[[], str], *, pause_seconds: float) -> None:
        super().__init__()
        self.acknowledged: dict[str, float] = {}
        self._place = place
        self._pause_seconds = pause_seconds
        self._is_done = threading.Event()

    def run(self) -> None:
        while not self._is_done.wait(self._pause_seconds):
            self.order()

    def order(self) -> None:
        self.acknowledged[self._place()] = time.monotonic()

    def more(self, number: int) -> None:
        """Wait for so many orders more."""
        until = len(self.acknowledged) + number
        wait_until(lambda: len(self.acknowledged) >= until)

    def stop(self) -> None:
        """Let the order that is on its way be the last."""
        self._is_done.set()
        if self.is_alive():
            self.join()
