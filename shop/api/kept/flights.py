"""What several threads want at once is made once."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

Made = TypeVar("Made")


class Flights:
    """What is being made in this process now, by its key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[Any]] = {}

    def share(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Make it, or wait for the thread that is making it.

        Raises: what `make` raises, to all who waited for it.
        """
        with self._lock:
            flight = self._under_way.get(key)
            if is_first := flight is None:
                flight = self._under_way[key] = Future()
        if is_first:
            self._fly(key, flight, make)
        made: Made = flight.result()
        return made

    def _fly(
        self, key: Hashable, flight: Future[Any], make: Callable[[], object]
    ) -> None:
        try:
            made = make()
        except BaseException as error:
            self._land(key)
            flight.set_exception(error)
        else:
            self._land(key)
            flight.set_result(made)

    def _land(self, key: Hashable) -> None:
        """Let who comes from now on make it anew."""
        with self._lock:
            del self._under_way[key]
