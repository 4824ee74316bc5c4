"""What several threads want at once is made once."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

Made = TypeVar("Made")


class Flights:
    """What is being made in this process now, by its key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[Any]] = {}

    def share(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Make it, or wait for the thread that is making it.

        Who has waited for one that failed makes it himself: the fault may be that
        thread's alone, and the exception is.

        Raises: what `make` raises.
        """
        with self._lock:
            flight = self._under_way.get(key)
            if is_first := flight is None:
                flight = self._under_way[key] = Future()
        if is_first:
            return self._fly(key, flight, make)
        try:
            made: Made = flight.result()
        except CancelledError:
            return make()
        return made

    def _fly(
        self, key: Hashable, flight: Future[Any], make: Callable[[], Made]
    ) -> Made:
        try:
            made = make()
        except BaseException:
            self._land(key)
            flight.cancel()
            raise
        self._land(key)
        flight.set_result(made)
        return made

    def _land(self, key: Hashable) -> None:
        """Let who comes from now on make it anew."""
        with self._lock:
            del self._under_way[key]
