"""Programs that attack, from an environment of their own that the Makefile makes."""

import subprocess
from pathlib import Path

from shop.devstack.programs import PROJECT

TOOLS = PROJECT / ".attackers" / "bin"


def tool_run(name: str, *arguments: str, folder: Path) -> str:
    """Run one to its end in a folder; return what it printed."""
    done = subprocess.run(
        [TOOLS / name, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
