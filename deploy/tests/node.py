"""A real gunicorn, as nginx finds it."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from socket import socket

from conftest import wait_until
from shop.devstack import processes
from shop.devstack.ports import HOST, port_claim, port_find
from shop.devstack.programs import PROJECT

STOP_SECONDS = 40


class Node:
    """One gunicorn."""

    def __init__(self, log: Path, env: Mapping[str, str]) -> None:
        self.port = port_find()
        self._log = log
        self._folder = log.with_suffix(".logs")
        self._folder.mkdir()
        self._env = env

    def _listener(self) -> AbstractContextManager[socket]:
        return port_claim(self.port)

    @property
    def is_running(self) -> bool:
        return hasattr(self, "process") and self.process.poll() is None

    def start(self) -> None:
        settings = {
            "GUNICORN_WORKERS": "1",
            "GUNICORN_THREADS": "4",
            "LOG_DIR": str(self._folder),
        }
        with self._listener() as listener, self._log.open("ab") as log:
            bind = f"fd://{listener.fileno()}"
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"],
                env={**os.environ, **settings, **self._env, "GUNICORN_BIND": bind},
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
    def access_log(self) -> Path:
        return self._folder / "access.log"

    @property
    def served(self) -> int:
        """Count the requests in the access log."""
        return self.access_log.read_text().count("\n")


class KeptNode(Node):
    """One whose socket outlives it, as systemd keeps it: who asks meanwhile waits."""

    def __init__(self, log: Path, env: Mapping[str, str]) -> None:
        super().__init__(log, env)
        self.socket = port_claim(self.port)

    def _listener(self) -> AbstractContextManager[socket]:
        return nullcontext(self.socket)

    def workers(self) -> set[int]:
        """Return the processes that serve, those that are about to end too."""
        return {one.pid for one in processes.descendants(self.process.pid)}

    def reload(self) -> None:
        """Send SIGHUP; return when every process that served has been replaced."""
        old = self.workers()
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not (self.workers() & old), "old ones do not end")
        wait_until(lambda: len(self.workers()) >= len(old), "too few new ones")
