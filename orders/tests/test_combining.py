"""Threads that ask at the same moment are answered by one call."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from conftest import PATIENCE_SECONDS, wait_until
from orders.services.combining import Combiner, NotAnswered


class Asked:
    """Answers a number with ten times as many; calls with a 0 wait to be let go."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.gate = threading.Event()

    def __call__(self, questions: Sequence[int]) -> list[int]:
        self.calls.append([*questions])
        if 0 in questions:
            self.gate.wait(PATIENCE_SECONDS)
        if 13 in questions:
            raise ValueError
        if 99 in questions:
            raise SystemExit
        return [10 * question for question in questions]


@pytest.fixture
def asked() -> Iterator[Asked]:
    made = Asked()
    yield made
    made.gate.set()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


def combiner_of(asked: Asked, **options: float) -> Combiner[int, int]:
    defaults = {"questions_max": 16, "patience_seconds": PATIENCE_SECONDS}
    return Combiner(asked, **(defaults | options))  # type: ignore[arg-type]


def behind(
    pool: ThreadPoolExecutor,
    combiner: Combiner[int, int],
    *questions: int,
) -> list[Future[int]]:
    """Let each question take its place in the line, one after the other."""
    futures = []
    for length, question in enumerate(questions, 1):
        futures.append(pool.submit(combiner.answer, question))
        wait_until(lambda length=length: len(combiner._line) == length)
    return futures


def test_who_meets_nobody_asks_at_once_and_alone(asked: Asked) -> None:
    combiner = combiner_of(asked)
    assert [combiner.answer(1), combiner.answer(2)] == [10, 20]
    assert asked.calls == [[1], [2]]


def test_who_comes_during_a_call_is_in_the_next(
    asked: Asked, pool: ThreadPoolExecutor
) -> None:
    combiner = combiner_of(asked)
    first = pool.submit(combiner.answer, 0)
    wait_until(lambda: asked.calls)
    others = behind(pool, combiner, 1, 2, 3)
    asked.gate.set()
    assert [future.result() for future in (first, *others)] == [0, 10, 20, 30]
    assert asked.calls == [[0], [1, 2, 3]]


def test_a_call_takes_no_more_than_its_bound_and_the_first_first(
    asked: Asked, pool: ThreadPoolExecutor
) -> None:
    combiner = combiner_of(asked, questions_max=2)
    pool.submit(combiner.answer, 0)
    wait_until(lambda: asked.calls)
    others = behind(pool, combiner, 1, 2, 3, 4, 5)
    asked.gate.set()
    assert [future.result() for future in others] == [10, 20, 30, 40, 50]
    assert asked.calls == [[0], [1, 2], [3, 4], [5]]


def test_a_call_that_fails_tells_all_of_it_to_go_alone(
    asked: Asked, pool: ThreadPoolExecutor
) -> None:
    combiner = combiner_of(asked, questions_max=2)
    pool.submit(combiner.answer, 0)
    wait_until(lambda: asked.calls)
    failed = behind(pool, combiner, 1, 13, 2)
    asked.gate.set()
    for future in failed[:2]:
        with pytest.raises(NotAnswered):
            future.result()
    assert failed[2].result() == 20
    assert combiner.answer(3) == 30


def test_a_leader_that_dies_leaves_nobody_waiting(
    asked: Asked, pool: ThreadPoolExecutor
) -> None:
    combiner = combiner_of(asked, questions_max=2)
    pool.submit(combiner.answer, 0)
    wait_until(lambda: asked.calls)
    leader, follower, next_leader = behind(pool, combiner, 99, 1, 2)
    asked.gate.set()
    with pytest.raises(SystemExit):
        leader.result()
    with pytest.raises(NotAnswered):
        follower.result()
    assert next_leader.result() == 20


def test_a_call_that_hangs_keeps_nobody_for_ever(
    asked: Asked, pool: ThreadPoolExecutor
) -> None:
    """Who waited in vain goes alone; who comes then asks at once."""
    combiner = combiner_of(asked, patience_seconds=0.01)
    first = pool.submit(combiner.answer, 0)
    wait_until(lambda: asked.calls)
    waiting = [pool.submit(_told, combiner, question) for question in (1, 2)]
    assert {future.result() for future in waiting} <= {10, 20, "alone"}
    assert not first.done()
    assert combiner.answer(3) == 30
    asked.gate.set()
    assert first.result() == 0
    assert combiner.answer(4) == 40


def _told(combiner: Combiner[int, int], question: int) -> int | str:
    try:
        return combiner.answer(question)
    except NotAnswered:
        return "alone"
