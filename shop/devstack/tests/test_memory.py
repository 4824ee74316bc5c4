"""What the whole stack takes of the memory, before anybody has bought."""

import re
from pathlib import Path

from .conftest import MARKS
from .stack_process import StackProcess

pytestmark = MARKS


def test_whole_stack_takes_under_700_megabytes(running: StackProcess) -> None:
    """Shared pages count once for each who shares them: rather too much."""
    pids = [running.process.pid, *(one.pid for one in running.below())]
    assert 100_000 < sum(map(resident_kb, pids)) < 700_000


def resident_kb(pid: int) -> int:
    """Return the memory of a process; none, when it has just ended."""
    try:
        facts = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(re.findall(r"^Rss: +(\d+) kB$", facts, re.MULTILINE)[0])
