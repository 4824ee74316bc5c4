"""A real gunicorn, as nginx finds it."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from shop.devstack import processes
from shop.devstack.ports import HOST, port_claim, port_find
from shop.devstack.programs import PROJECT

START_SECONDS = 60
STOP_SECONDS = 40


def wait_until(is_done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_done():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Node:
    """One gunicorn."""

    def __init__(self, log: Path, env: Mapping[str, str]) -> None:
        self.port = port_find()
        self._log = log
        self._folder = log.with_suffix(".logs")
        self._folder.mkdir()
        self._env = env

    @property
    def is_running(self) -> bool:
        return hasattr(self, "process") and self.process.poll() is None

    def start(self) -> None:
        settings = {
            "GUNICORN_WORKERS": "1",
            "GUNICORN_THREADS": "4",
            "LOG_DIR": str(self._folder),
        }
        with port_claim(self.port) as listener, self._log.open("ab") as log:
            bind = f"fd://{listener.fileno()}"
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"],
                env={**os.environ, **self._env, **settings, "GUNICORN_BIND": bind},
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                pass_fds=(listener.fileno(),),
            )
        wait_until(self._is_ready, f"see {self._log}")

    def _is_ready(self) -> bool:
        assert self.is_running, self._log.read_text()
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and return the exit status."""
        if self.is_running:
            workers = processes.descendants(self.process.pid)
            self.process.send_signal(number)
            self.process.wait(STOP_SECONDS)
            if number == signal.SIGKILL:
                for worker in workers:
                    processes.process_signal(worker.pid, number)
        return self.process.wait()

    @property
    def served(self) -> int:
        """Count the requests in the access log."""
        return (self._folder / "access.log").read_text().count("\n")
