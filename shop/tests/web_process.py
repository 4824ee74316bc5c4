"""gunicorn with the project's configuration, as a server runs it."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from django.db import connection

from shop.devstack.ports import port_find
from shop.devstack.processes import descendants
from shop.devstack.programs import PROJECT

READY_SECONDS = 60
# For a test whose callers all come from one address: requests are counted, but none is
# one too many.
WIDE_LIMITS = {
    f"RATELIMIT_{scope.upper()}": "1000000/300s" for scope in settings.RATELIMITS
}


def database_url() -> str:
    """Return the address of the tests' database, for a process of its own."""
    name = connection.settings_dict["NAME"]
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{name}"))


class WebProcess:
    """A running gunicorn; what it prints goes to `out` and `err` of the folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.address = f"127.0.0.1:{port_find()}"
        own = {
            "GUNICORN_BIND": self.address,
            "DATABASE_URL": database_url(),
            "PUBLIC_URL": f"http://{self.address}",
        }
        self._environment = {**os.environ, **own, **environment}
        self.http = requests.Session()
        self.http.trust_env = False

    def __enter__(self) -> Self:
        with (self.folder / "out").open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"],
                env=self._environment,
                cwd=PROJECT,
                stdout=out,
                stderr=err,
            )
        try:
            self._wait_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            assert self.process.poll() is None, self.log_text
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self.http.close()
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        finally:
            self.process.kill()
            self.process.wait()

    @property
    def _err(self) -> Path:
        return self.folder / "err"

    @property
    def log_text(self) -> str:
        """Return what it has logged, but for the requests."""
        return self._err.read_text()

    def _answers(self) -> bool:
        try:
            return self.get("/healthz").status_code == 200
        except requests.ConnectionError:
            return False

    def get(self, path: str, **headers: str) -> requests.Response:
        """Ask without following redirects."""
        return self.http.get(
            f"http://{self.address}{path}",
            headers=headers,
            timeout=30,
            allow_redirects=False,
        )

    def workers(self) -> list[int]:
        """Return the ids of the processes that serve."""
        return sorted(facts.pid for facts in descendants(self.process.pid))
