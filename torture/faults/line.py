"""A link to the running shop that is tried again until there is an answer."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from torture.faults.journal import Journal

TIMEOUT_SECONDS = (3, 15)
AGAIN_SECONDS = 0.2
# The first try is still at work, or there were too many: both end by themselves.
_TEMPORARY = {"request_in_progress", "rate_limited"}


class GaveUp(Exception):
    """There is no answer, and it is too late to wait for one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; after more than one try the first may have been acted on as well."""

    status: int
    body: Any
    tries: int

    @property
    def data(self) -> Any:
        """Return what stands in the shop's envelope."""
        return self.body["data"]

    @property
    def error(self) -> str | None:
        """Return the slug of a refusal."""
        return _error_of(self.body)

    @property
    def is_done(self) -> bool:
        """Tell whether it is an acknowledgement."""
        return self.status in {200, 201}


class Line:
    """What one person's device sends and hears."""

    def __init__(self, journal: Journal, is_hopeless: Callable[[], bool]) -> None:
        self._journal = journal
        self._is_hopeless = is_hopeless
        self.http = requests.Session()
        self.http.trust_env = False  # no proxy stands before loopback

    def call(self, method: str, url: str, **sent: Any) -> Answer:
        """Send a request until it is answered.

        Raises: GaveUp.
        """
        tries = 0
        while True:
            tries += 1
            answer = self.send(method, url, **sent)
            if answer is not None and not _is_temporary(answer):
                return Answer(answer.status_code, _read(answer), tries)
            self.wait()

    def send(self, method: str, url: str, **sent: Any) -> requests.Response | None:
        """Send a request once; None stands for no answer and for a failure."""
        try:
            answer = self.http.request(method, url, timeout=TIMEOUT_SECONDS, **sent)
        except requests.RequestException:
            answer = None
        is_failure = answer is None or answer.status_code >= 500
        self._journal.count(is_failure=is_failure)
        return None if is_failure else answer

    def wait(self, seconds: float = AGAIN_SECONDS) -> None:
        """Wait before the next try.

        Raises: GaveUp.
        """
        if self._is_hopeless():
            raise GaveUp
        time.sleep(seconds)


def _is_temporary(answer: requests.Response) -> bool:
    return _error_of(_read(answer)) in _TEMPORARY


def _error_of(body: Any) -> str | None:
    facts = body.get("data") if isinstance(body, dict) else None
    return facts.get("error") if isinstance(facts, dict) else None


def _read(answer: requests.Response) -> Any:
    """Return the JSON of an answer; None when it is something else."""
    try:
        return json.loads(answer.content)
    except ValueError:
        return None
