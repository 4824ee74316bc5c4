"""What several threads want at once is made once."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import wait_until
from shop.api.kept.flights import Flights


class Workshop:
    """Makes a thing as soon as it may, and counts."""

    def __init__(self) -> None:
        self.made, self.may = 0, threading.Event()

    def make(self) -> int:
        self.made += 1
        self.may.wait()
        return self.made

    def fail(self) -> int:
        self.make()
        raise KeyError("broken")


def waiting(flights: Flights) -> int:
    """Count the threads that wait for another one's work."""
    return sum(len(one._condition._waiters) for one in flights._under_way.values())


def test_what_all_want_at_once_is_made_once_and_then_anew() -> None:
    flights, workshop = Flights(), Workshop()
    with ThreadPoolExecutor(8) as pool:
        wanted = [pool.submit(flights.share, "a", workshop.make) for _ in range(8)]
        wait_until(lambda: waiting(flights) == 7)
        workshop.may.set()
        assert [one.result() for one in wanted] == [1] * 8
    assert flights.share("a", workshop.make) == 2


def test_what_differs_waits_for_nobody() -> None:
    flights, slow, quick = Flights(), Workshop(), Workshop()
    quick.may.set()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(flights.share, "slow", slow.make)
        wait_until(lambda: slow.made)
        assert flights.share("quick", quick.make) == 1
        slow.may.set()
        assert first.result() == 1


def test_who_waits_for_one_that_fails_tries_it_himself() -> None:
    flights, broken, whole = Flights(), Workshop(), Workshop()
    whole.may.set()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(flights.share, "a", broken.fail)
        wait_until(lambda: broken.made)
        others = [
            pool.submit(flights.share, "a", make) for make in (whole.make, broken.fail)
        ]
        wait_until(lambda: waiting(flights) == 2)
        broken.may.set()
        assert others[0].result() == 1
        failures = [first.exception(), others[1].exception()]
    assert [type(failure) for failure in failures] == [KeyError, KeyError]
    # Two threads that raise the same one write both their ways into its trace.
    assert failures[0] is not failures[1]
    assert flights.share("a", whole.make) == 2


def test_one_that_is_broken_off_keeps_nobody_waiting() -> None:
    flights = Flights()
    with pytest.raises(SystemExit):
        flights.share("a", sys.exit)
    assert flights._under_way == {}
