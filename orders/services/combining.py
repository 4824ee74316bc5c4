"""One call for what several threads of this process ask at the same moment."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class NotAsked(Exception):
    """No call has had the question: ask alone."""


class NotAnswered(Exception):
    """The call did not answer, and nobody knows what it has done: ask again, alone."""


class _Asking(Generic[Q, A]):
    """A thread with a question; it sleeps until `woken`: to lead, or answered."""

    def __init__(self, question: Q) -> None:
        self.question = question
        self.woken = threading.Event()
        self.answers: list[A] = []


class Combiner(Generic[Q, A]):
    """Asks at once when nobody else does, else together with those who wait too.

    One call is under way at a time; whoever comes meanwhile waits in line. When it
    ends, the first in line leads the next call, for itself and those behind it. No
    thread of our own, no timer: a question that meets no other waits for nothing.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Q]], Sequence[A]],
        *,
        questions_max: int,
        patience_seconds: float,
        call_seconds_max: float,
    ) -> None:
        """Take `ask`, which answers each of several questions.

        Whoever waits in line for `patience_seconds` goes alone. A call that takes
        longer no longer keeps others from calling. Those whom it asks for wait on: it
        may hold what they need, and it ends within `call_seconds_max` or hangs.
        """
        self._ask = ask
        self._questions_max = questions_max
        self._patience_seconds = patience_seconds
        self._call_seconds_max = call_seconds_max
        self._lock = threading.Lock()
        self._line: deque[_Asking[Q, A]] = deque()
        # Who calls now, and since when.
        self._leader: _Asking[Q, A] | None = None
        self._began = 0.0

    def answer(self, question: Q) -> A:
        """Return the answer to a question, asked alone or with others.

        Raises: NotAsked, after too long in line. NotAnswered, when the call that had
            the question has failed or hangs.
        """
        asking = _Asking[Q, A](question)
        if self._is_leader(asking) or self._is_called_on(asking):
            self._lead(asking)
        else:
            asking.woken.wait(self._call_seconds_max)
        if not asking.answers:
            raise NotAnswered
        return asking.answers[0]

    def _is_leader(self, asking: _Asking[Q, A]) -> bool:
        """Take the lead when nobody has it, else a place in the line."""
        with self._lock:
            late = time.monotonic() - self._began > self._patience_seconds
            if self._leader is None or late:
                self._leader, self._began = asking, time.monotonic()
                return True
            self._line.append(asking)
            return False

    def _is_called_on(self, asking: _Asking[Q, A]) -> bool:
        """Wait in line; return whether for the lead, else a call has the question.

        Raises: NotAsked, after too long.
        """
        asking.woken.wait(self._patience_seconds)
        with self._lock:
            if asking in self._line:
                self._line.remove(asking)
                raise NotAsked
            return self._leader is asking

    def _lead(self, leader: _Asking[Q, A]) -> None:
        """Ask for the leader and those in line; then hand over the lead."""
        with self._lock:
            others = min(len(self._line), self._questions_max - 1)
            together = [leader, *(self._line.popleft() for _ in range(others))]
        try:
            answers = self._ask([asking.question for asking in together])
            for asking, answer in zip(together, answers, strict=True):
                asking.answers.append(answer)
        except Exception as error:
            raise NotAnswered from error
        finally:
            self._hand_over(leader)
            for asking in together:
                asking.woken.set()

    def _hand_over(self, leader: _Asking[Q, A]) -> None:
        with self._lock:
            if self._leader is not leader:
                return
            self._leader = self._line.popleft() if self._line else None
            if self._leader:
                self._began = time.monotonic()
                self._leader.woken.set()
