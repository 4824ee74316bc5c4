"""The scripts of backups, run as an operator runs them."""

import os
import subprocess
from pathlib import Path

from shop.devstack.postgres import libpq_variables, program_path
from shop.devstack.programs import PROJECT


def script(
    name: str, *arguments: str | Path, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run deploy/NAME with nothing else in its environment."""
    path = f"{program_path('pg_dump').parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", PROJECT / "deploy" / name, *arguments],
        env={"PATH": path, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def backed_up(folder: Path, media: Path, url: str) -> Path:
    """Make a backup that must succeed; return its folder."""
    places = {"BACKUP_FOLDER": str(folder), "MEDIA_ROOT": str(media)}
    done = script("backup.sh", **libpq_variables(url), **places)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.removeprefix("backup: ").strip())


def stand_in(folder: Path, name: str, text: str) -> str:
    """Put a script of that name before the programs; return the path of all."""
    folder.mkdir()
    program = folder / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o700)
    return f"{folder}:{program_path('pg_dump').parent}:{os.environ['PATH']}"
