"""The web programs that are measured: each one gunicorn, with the shop's own file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shop.devstack.environment import environment_merge
from shop.devstack.parts import Part, Parts
from shop.devstack.ports import HOST, port_answers, port_find
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
    """One gunicorn; `port` is set by starting."""

    name: str
    application: str
    env: Mapping[str, str]
    log: Path
    port: int = 0
    part: Part = field(init=False, repr=False)

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{HOST}:{self.port}"

    def start(self, parts: Parts) -> None:
        """Start it and wait until it answers.

        Raises: DevstackError, StopRequested.
        """
        parts.start_listening(self._make, lambda _: port_answers(self.port))

    def _make(self) -> Part:
        self.port = port_find()
        config = str(PROJECT / "deploy" / "gunicorn.conf.py")
        own = {**SETTINGS, "GUNICORN_BIND": f"{HOST}:{self.port}"}
        self.part = Part(
            name=self.name,
            command=python("-m", "gunicorn", self.application, "-c", config),
            env=environment_merge(os.environ, {**self.env, **own}),
            log=self.log,
        )
        return self.part
