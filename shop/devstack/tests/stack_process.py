"""A whole stack as a child process, on its own data and ports."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from shop.devstack import processes
from shop.devstack.ports import port_find
from shop.devstack.programs import PROJECT

# Bounds for a stack that hangs, on a slow machine: the tables alone may take a minute.
READY_SECONDS = 240
STOP_SECONDS = 60


class StackProcess:
    """One `python -m shop.devstack run`; what it prints goes to `output`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = port_find()
        self.simulator_port = port_find()
        self.output = folder.with_suffix(f".{self.port}.txt")
        self._environment = environment

    def start(self) -> "StackProcess":
        own = {
            "SHOP_DATA": str(self.folder),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                # As make starts it: tests that are killed leave none running.
                [sys.executable, "-m", "shop.devstack", "run", "--with-parent"],
                env={**os.environ, **own, **self._environment},
                cwd=PROJECT,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Under nohup the tests hand down a SIGHUP that is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            )
        return self

    @property
    def text(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> "StackProcess":
        deadline = time.monotonic() + READY_SECONDS
        while not re.search("^ready: ", self.text, re.MULTILINE):
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)
        return self

    def below(self) -> list[processes.ProcessFacts]:
        """Return every process that the stack runs now."""
        return processes.descendants(self.process.pid)

    def part(self, word: str) -> int:
        """Return the one direct child whose command line holds the word."""
        [pid] = [
            facts.pid
            for facts in self.below()
            if facts.parent == self.process.pid
            and word.encode() in Path(f"/proc/{facts.pid}/cmdline").read_bytes()
        ]
        return pid

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=STOP_SECONDS)

    def discard(self) -> None:
        """End whatever is left, for a test that failed."""
        if self.process.poll() is None:
            self.stop()


def still_alive(before: list[processes.ProcessFacts]) -> list[int]:
    """Return those of the processes that still run."""
    now = {(facts.pid, facts.started) for facts in processes.process_list()}
    return [one.pid for one in before if (one.pid, one.started) in now]
