"""What Linux tells about processes; elsewhere nothing is known and nothing is found."""

import os
import signal
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from shop.devstack import launcher

PROC = Path("/proc")


@dataclass(frozen=True)
class ProcessFacts:
    """One line of /proc/<pid>/stat: who it is; `started` is in ticks since the boot."""

    pid: int
    state: str
    parent: int
    session: int
    started: int


def process_facts(pid: int | str) -> ProcessFacts | None:
    """Return the facts of a living process, or None."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name stands in brackets and may hold anything, brackets and spaces too.
    fields = text.rpartition(")")[2].split()
    return ProcessFacts(
        pid=int(pid),
        state=fields[0],
        parent=int(fields[1]),
        session=int(fields[3]),
        started=int(fields[19]),
    )


def process_list() -> Iterator[ProcessFacts]:
    """Yield every process that is alive: zombies are not."""
    for folder in PROC.glob("[0-9]*"):
        facts = process_facts(folder.name)
        if facts and facts.state not in {"Z", "X"}:
            yield facts


def boot_id() -> str:
    """Return what tells one boot of the machine from another."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def descendants_adopt() -> None:
    """Become the parent of every orphan below this process, so that none is lost."""
    launcher.process_control(launcher.PR_SET_CHILD_SUBREAPER, 1)


def descendants(ancestor: int) -> list[ProcessFacts]:
    """Return all living processes below that one."""
    everybody = list(process_list())
    found = {ancestor}
    while more := {one.pid for one in everybody if one.parent in found} - found:
        found |= more
    return [one for one in everybody if one.pid in found - {ancestor}]


def descendants_kill(timeout_seconds: float) -> None:
    """Kill what is still below this process, and wait until it is gone."""
    deadline = time.monotonic() + timeout_seconds
    while (left := descendants(os.getpid())) and time.monotonic() < deadline:
        for process in left:
            process_signal(process.pid, signal.SIGKILL)
        time.sleep(0.02)


def orphans_end(kept: Collection[int]) -> None:
    """Kill the children of this process save those, and wait for them.

    For a process that adopts (see descendants_adopt): what is not kept is an orphan.
    """
    while orphans := children(os.getpid()) - set(kept):
        for pid in orphans:
            process_signal(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def children(parent: int) -> set[int]:
    """Return the children of a process, those included that have ended unnoticed."""
    everybody = map(process_facts, (folder.name for folder in PROC.glob("[0-9]*")))
    return {facts.pid for facts in everybody if facts and facts.parent == parent}


def process_signal(pid: int, number: int) -> None:
    """Send a signal; a process that is gone is fine."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def group_signal(pid: int, number: int) -> None:
    """Send a signal to the process group that the process leads, if any is left."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
