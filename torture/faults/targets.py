"""The processes of a running stack, found by what they are."""

import random
import time
from enum import StrEnum
from pathlib import Path

from shop.devstack import processes

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 60.0


class Target(StrEnum):
    """What can be hit."""

    WEB = "web program"
    WEB_PROCESS = "one web process"
    WORKER = "worker"
    VALKEY = "Valkey"
    POSTGRES = "PostgreSQL"
    BACKEND = "one connection of PostgreSQL"
    SIMULATOR = "WeChat simulator"


# What stands in the command line of the part.
_WORDS = {
    Target.WEB: "gunicorn",
    Target.WEB_PROCESS: "gunicorn",
    Target.WORKER: "procrastinate",
    Target.VALKEY: "valkey-server",
    Target.POSTGRES: "bin/postgres",
    Target.BACKEND: "bin/postgres",
    Target.SIMULATOR: "devstack.simulator",
}
_CHILDREN = {Target.WEB_PROCESS: "gunicorn", Target.BACKEND: "postgres: shop shop"}


class StackProcesses:
    """A stack that runs; its parts come and go."""

    def __init__(self, pid: int, dice: random.Random) -> None:
        self._pid = pid
        self._dice = dice

    def main(self, target: Target) -> int:
        """Return the process to kill; one of many is drawn.

        Raises: LookupError when it does not come up.
        """
        word = _CHILDREN.get(target)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = _children(self._pid, _WORDS[target])
            if found and word:
                found = _children(found[0], word)
            if found:
                return self._dice.choice(found)
            time.sleep(_POLL_SECONDS)
        raise LookupError(target)

    def all(self, target: Target) -> list[int]:
        """Return the process and all below it.

        Raises: LookupError when it does not come up.
        """
        main = self.main(target)
        return [main, *(one.pid for one in processes.descendants(main))]


def _children(parent: int, word: str) -> list[int]:
    """Return the children that have the word in their command line."""
    return sorted(
        facts.pid
        for facts in processes.process_list()
        if facts.parent == parent and word in _command(facts.pid)
    )


def _command(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # It has just ended.
        return ""
    return text.replace(b"\0", b" ").decode(errors="replace")
