"""Programs that attack, from an environment of their own that the Makefile makes."""

import subprocess
from pathlib import Path

from shop.devstack.programs import PROJECT

TOOLS = PROJECT / ".attackers" / "bin"


def tool_run(name: str, *arguments: str, folder: Path, fault: str = "") -> str:
    """Run one to its end in a folder; return what it printed.

    Once more if it ends by that fault, which is its own.
    """
    done = _run(name, *arguments, folder=folder)
    if done.returncode and fault and fault in done.stdout:
        done = _run(name, *arguments, folder=folder)
    assert done.returncode == 0, done.stdout
    return done.stdout


def _run(name: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOOLS / name, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
