"""What programs use of the machine, out of /proc."""

import os
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shop.devstack import processes

PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Programs that use less than a tenth of a core have nothing left to do.
QUIET_SECONDS = 0.2
QUIET_PATIENCE_SECONDS = 3


@dataclass(frozen=True)
class Watch:
    """The programs to look at: the process that leads each, by its name."""

    leaders: Mapping[str, int]

    def cpu_seconds(self) -> dict[str, float]:
        """Return what each program, and the ended children of ours, have used."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = {name: _family_seconds(pid) for name, pid in self.leaders.items()}
        return seconds | {"load": children.ru_utime + children.ru_stime}

    def quiet_wait(self) -> None:
        """Wait until what the last load has left is done; not for ever."""
        for _ in range(round(QUIET_PATIENCE_SECONDS / QUIET_SECONDS)):
            before = sum(self.cpu_seconds().values())
            time.sleep(QUIET_SECONDS)
            if sum(self.cpu_seconds().values()) - before < QUIET_SECONDS / 10:
                return

    def worker_megabytes(self, name: str) -> list[float]:
        """Return each worker's share of the memory (PSS)."""
        family = processes.descendants(self.leaders[name])
        return [round(_pss_kilobytes(one.pid) / 1024, 1) for one in family]


def _family_seconds(leader: int) -> float:
    """Add up a program, all below it, and what has ended there."""
    family = processes.descendants(leader)
    living = sum(_ticks(one.pid, 11, 13) for one in family)
    return (living + _ticks(leader, 11, 15)) / _TICKS


def _ticks(pid: int, first: int, end: int) -> int:
    """Add up fields of /proc/<pid>/stat, counted after the name; 0 when it is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return 0
    return sum(map(int, text.rpartition(")")[2].split()[first:end]))


def _pss_kilobytes(pid: int) -> int:
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
