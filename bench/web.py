"""The web programs that are measured: each one gunicorn."""

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


# The shop's as on a server, and that of all others.
SHOP_CONFIG = PROJECT / "deploy" / "gunicorn.conf.py"
PLAIN_CONFIG = PROJECT / "bench" / "gunicorn.conf.py"


@dataclass
class WebProgram:
    """One gunicorn; it runs when `path` is answered. `port` is set by starting."""

    name: str
    application: str
    path: str
    env: Mapping[str, str]
    log: Path
    config: Path = SHOP_CONFIG
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
        own = {**SETTINGS, "GUNICORN_BIND": f"{HOST}:{self.port}"}
        return Part(
            name=self.name,
            command=python("-m", "gunicorn", self.application, "-c", str(self.config)),
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
