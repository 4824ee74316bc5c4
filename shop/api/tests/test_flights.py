"""What several threads want at once is made once."""

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


def test_a_failure_is_everybodys_and_the_next_one_tries_again() -> None:
    flights, workshop = Flights(), Workshop()
    with ThreadPoolExecutor(3) as pool:
        wanted = [pool.submit(flights.share, "a", workshop.fail) for _ in range(3)]
        wait_until(lambda: waiting(flights) == 2)
        workshop.may.set()
        for one in wanted:
            with pytest.raises(KeyError, match="broken"):
                one.result()
    assert workshop.made == 1
    assert flights.share("a", workshop.make) == 2
