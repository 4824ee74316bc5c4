"""The worker as a program, as a server runs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shop.devstack.programs import PROJECT

WORKER = (sys.executable, "manage.py", "procrastinate", "worker")
STOP_SECONDS = 40


@contextmanager
def worker_running(log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run it until the block ends; what it prints is added to the log."""
    with log.open("ab") as out:
        worker = subprocess.Popen(
            WORKER,
            env={**os.environ, **environment},
            cwd=PROJECT,
            stdout=out,
            stderr=out,
        )
    try:
        yield worker
    finally:
        worker.terminate()
        try:
            worker.wait(STOP_SECONDS)
        finally:
            worker.kill()
            worker.wait()
