"""The audit of the packages: green only when somebody was asked."""

import os
import subprocess
from pathlib import Path

from shop.devstack.programs import PROJECT

FLAW = "django 5.2 PYSEC-2025-47 5.2.1 CVE-2025-32873, GHSA-8j24-cjrq-gr2m"


def audit(
    folder: Path, *, knows: bool, finds: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run it with a pip-audit that knows of Django's flaws, or reaches nobody."""
    program = folder / "pip-audit"
    program.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *requirements{finds or "-none"}*) echo flawed; exit 1;; esac\n'
        'case "$*" in *requirements*) exit 0;; esac\n'
        + (f"echo '{FLAW}'; exit 1\n" if knows else "echo No known; exit 0\n")
    )
    program.chmod(0o755)
    return subprocess.run(
        [PROJECT / ".ci" / "audit"],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_known_is_green(tmp_path: Path) -> None:
    done = audit(tmp_path, knows=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_audit_that_reaches_nobody_is_red(tmp_path: Path) -> None:
    done = audit(tmp_path, knows=False)
    assert done.returncode == 1
    assert "so nobody was asked: No known" in done.stderr


def test_a_known_flaw_of_ours_is_red(tmp_path: Path) -> None:
    for file in ("-dev", "-audit"):
        done = audit(tmp_path, knows=True, finds=file)
        assert (done.returncode, done.stdout) == (1, "flawed\n")
