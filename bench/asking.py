"""Single requests, to look at the answers."""

from dataclasses import dataclass, field
from typing import Any

import requests

from bench.web import HEADERS
from shop.devstack.parts import DevstackError

TIMEOUT_SECONDS = 30


@dataclass
class Asker:
    """Asks one web program over one connection."""

    url: str
    token: str = ""
    _http: requests.Session = field(default_factory=requests.Session, repr=False)

    def data(self, method: str, path: str, body: Any = None) -> Any:
        """Return the `data` of an answer.

        Raises: DevstackError, when it is a refusal.
        """
        return self._answer(method, path, body).json()["data"]

    def body(self, path: str) -> bytes:
        """Return an answer as it came.

        Raises: DevstackError, when it is a refusal.
        """
        return self._answer("GET", path, None).content

    def _answer(self, method: str, path: str, body: Any) -> requests.Response:
        headers = dict(HEADERS)
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        # No proxy of the machine's: it is asked on loopback.
        self._http.trust_env = False
        answer = self._http.request(
            method,
            f"{self.url}{path}",
            json=body,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
        )
        if not answer.ok:
            raise DevstackError(f"{method} {path}: {answer.status_code}", answer.text)
        return answer
