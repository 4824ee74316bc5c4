"""Orders at a steady, modest rate, while something else is measured."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.asking import Asker
from bench.figures import Figure
from bench.loads import Load
from shop.devstack.parts import DevstackError

PER_SECOND = 20
_ORDER = {
    "items": [
        {"productId": 7, "skuId": 7, "quantity": 1},
        {"productId": 8, "skuId": 8, "quantity": 1},
    ],
    "address": {
        "name": "韩梅梅",
        "phone": "13900139000",
        "province": "北京市",
        "city": "北京市",
        "district": "海淀区",
        "detail": "学院路1号",
    },
}


@dataclass
class Tally:
    """How many orders were answered, and how many more may have been written."""

    answered: int = 0
    in_flight: int = 0

    def add(self, figure: Figure, in_flight: int) -> None:
        """Count those of a load, whose last ones nobody waited for."""
        self.answered += figure.requests - figure.errors
        self.in_flight += in_flight + figure.errors


@dataclass
class Counted:
    """A load of orders that is counted."""

    load: Load
    tally: Tally
    in_flight: int

    def run(self, seconds: int) -> Figure:
        """Run it; see `Load`."""
        figure = self.load.run(seconds)
        self.tally.add(figure, self.in_flight)
        return figure


@dataclass
class WhileWriting:
    """A load during which orders are placed."""

    load: Load
    writer: Asker
    tally: Tally
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self, seconds: int) -> Figure:
        """Run it; see `Load`.

        Raises: DevstackError, when an order was refused.
        """
        with self._writing():
            return self.load.run(seconds)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        failures: list[DevstackError] = []
        self._end.clear()
        thread = threading.Thread(target=self._write, args=(failures,))
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()
        if failures:
            raise failures[0]

    def _write(self, failures: list[DevstackError]) -> None:
        while not self._end.wait(1 / PER_SECOND):
            try:
                self.writer.data("POST", "/api/orders", _ORDER)
            except DevstackError as error:
                failures.append(error)
                return
            self.tally.answered += 1
