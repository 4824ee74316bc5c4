"""The web programs that are measured: each one gunicorn, with the shop's own file."""

import http
import http.client
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shop.devstack.environment import environment_merge
from shop.devstack.parts import Part, Parts
from shop.devstack.ports import HOST, port_find
from shop.devstack.programs import PROJECT, python

# What a request has passed before it comes here: nginx, which has ended TLS.
HEADERS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": HOST}
SETTINGS = {
    "GUNICORN_WORKERS": "2",
    # A worker that grew would show it.
    "GUNICORN_MAX_REQUESTS": "0",
}


@dataclass
class WebProgram:
    """One gunicorn; it runs when `path` is answered. `port` is set by starting."""

    name: str
    application: str
    path: str
    env: Mapping[str, str]
    log: Path
    port: int = 0
    start_seconds: float = 0.0

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{HOST}:{self.port}"

    def start(self, parts: Parts) -> None:
        """Start it and wait until it answers.

        Raises: DevstackError, StopRequested.
        """
        begun = time.monotonic()
        parts.start_listening(self._make, self._answers)
        self.start_seconds = time.monotonic() - begun

    def _make(self) -> Part:
        self.port = port_find()
        config = str(PROJECT / "deploy" / "gunicorn.conf.py")
        own = {**SETTINGS, "GUNICORN_BIND": f"{HOST}:{self.port}"}
        return Part(
            name=self.name,
            command=python("-m", "gunicorn", self.application, "-c", config),
            env=environment_merge(os.environ, {**self.env, **own}),
            log=self.log,
        )

    def _answers(self, _: Part) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", self.path, headers=HEADERS)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
