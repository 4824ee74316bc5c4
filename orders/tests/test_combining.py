"""Threads that ask at the same moment are answered by one call."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest

from conftest import PATIENCE_SECONDS, wait_until
from orders.services.combining import A, Combiner, NotAnswered, NotAsked, Q, _Asking


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
    defaults = {
        "questions_max": 16,
        "patience_seconds": PATIENCE_SECONDS,
        "call_seconds_max": PATIENCE_SECONDS,
    }
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


def test_a_line_that_does_not_move_keeps_nobody_for_ever(
    asked: Asked, pool: ThreadPoolExecutor
) -> None:
    """Who waited in vain goes alone; who comes then asks at once."""
    combiner = combiner_of(asked, patience_seconds=0.01)
    first = pool.submit(combiner.answer, 0)
    wait_until(lambda: asked.calls)
    waiting = [pool.submit(_told, combiner, question) for question in (1, 2)]
    assert {future.result() for future in waiting} <= {10, 20, "not asked"}
    assert not first.done()
    assert combiner.answer(3) == 30
    asked.gate.set()
    assert first.result() == 0
    assert combiner.answer(4) == 40


def test_who_went_alone_is_in_no_later_call(
    asked: Asked, pool: ThreadPoolExecutor
) -> None:
    combiner = combiner_of(asked, patience_seconds=0.01)
    first = pool.submit(combiner.answer, 0)
    wait_until(lambda: asked.calls)
    # So that nobody finds the call late, however slow the machine is.
    combiner._began = float("inf")
    with pytest.raises(NotAsked):
        combiner.answer(1)
    asked.gate.set()
    assert first.result() == 0
    assert combiner.answer(2) == 20
    assert asked.calls == [[0], [2]]


def _told(combiner: Combiner[int, int], question: int) -> int | str:
    try:
        return combiner.answer(question)
    except NotAsked:
        return "not asked"


class Impatient(Combiner[Q, A]):
    """Whoever waits loses patience as soon as a call has the question."""

    def _is_called_on(self, asking: _Asking[Q, A]) -> bool:
        wait_until(lambda: asking not in self._line)
        self._patience_seconds = 0
        return super()._is_called_on(asking)


def impatient_of(asked: Asked, *, call_seconds_max: float) -> Impatient[int, int]:
    return Impatient[int, int](
        asked,
        questions_max=16,
        patience_seconds=PATIENCE_SECONDS,
        call_seconds_max=call_seconds_max,
    )


def _asked_in_a_call(
    asked: Asked, pool: ThreadPoolExecutor, combiner: Combiner[int, int]
) -> Future[int]:
    """Let a question be taken into the call of another one, which waits at the gate."""
    with combiner._lock:
        leader = combiner._leader = _Asking(0)
    combiner._began = float("inf")
    (follower,) = behind(pool, combiner, 1)
    pool.submit(combiner._lead, leader)
    wait_until(lambda: asked.calls == [[0, 1]])
    return follower


def test_who_is_in_a_call_waits_for_its_end(
    asked: Asked, pool: ThreadPoolExecutor
) -> None:
    combiner = impatient_of(asked, call_seconds_max=PATIENCE_SECONDS)
    follower = _asked_in_a_call(asked, pool, combiner)
    # A moment for who does not wait.
    assert wait([follower], timeout=0.1).not_done
    asked.gate.set()
    assert follower.result() == 10


def test_who_is_in_a_call_that_hangs_goes_alone(
    asked: Asked, pool: ThreadPoolExecutor
) -> None:
    combiner = impatient_of(asked, call_seconds_max=0.01)
    with pytest.raises(NotAnswered):
        _asked_in_a_call(asked, pool, combiner).result()
    asked.gate.set()
