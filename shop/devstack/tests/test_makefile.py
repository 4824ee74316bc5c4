"""What `make` says, and what CI makes of the log of `make test`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shop.devstack.programs import PROJECT

CHECK_LOG = PROJECT / ".ci" / "check-log"


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make with the virtual environment of the tests, which is left as it is."""
    installed = "--old-file=.venv/.requirements-installed"
    variables = {
        name: value
        for name, value in os.environ.items()
        # As if make had not started these tests.
        if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    return subprocess.run(
        ["make", installed, f"BIN={Path(sys.executable).parent}", *arguments],
        env={**variables, **environment},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command() -> None:
    done = make("help")
    assert (done.returncode, done.stderr) == (0, "")
    usage, *commands = done.stdout.splitlines()
    assert usage == "usage: make COMMAND, the commands being"
    told = [line.split(maxsplit=1) for line in commands]
    assert all(len(pair) == 2 for pair in told), told
    names = [name for name, _ in told]
    assert {"help", "run", "test", "lint", "format", "shell", "clean"} <= set(names)
    # By itself, make does no more than that.
    assert make().stdout == done.stdout


def test_shell_on_a_stopped_shop_says_how_to_start_it(tmp_path: Path) -> None:
    done = make("shell", SHOP_DATA=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == (
        f"error: no shop runs with SHOP_DATA {tmp_path}: start it, make run"
    )


LINES = "== tests: .venv/bin/pytest -n logical\n....\n"
GOOD = "============ 1836 passed in 238.15s (0:03:58) ============\n"


@pytest.mark.parametrize(
    ("log", "status", "told"),
    [
        (f"{LINES}{GOOD}all passed: tests\n", 0, ""),
        (f"{LINES}====== 1836 passed, 2 warnings in 8.15s ======\n", 0, ""),
        (LINES, 1, "no closing line"),
        (f"{LINES}all passed: style\n", 1, "no closing line"),
        (f"{LINES}1836 passed in 238.15s\n", 1, "no closing line"),
        (f"{LINES}====== no tests ran in 0.01s ======\n", 1, "no closing line"),
        *(
            (f"{LINES}=== {left_out}, 7 passed in 8.15s ===\n", 1, left_out)
            for left_out in ("1 failed", "2 skipped", "3 deselected", "1 xfailed")
        ),
        (f"{LINES}=== 7 passed, 1 xpassed in 8.15s ===\n", 1, "1 xpassed"),
        (f"{LINES}=== 7 passed, 1 error in 8.15s ===\n", 1, "1 error"),
        # The last run is the one that counts.
        (f"{GOOD}=== 7 passed, 2 skipped in 8.15s ===\n", 1, "2 skipped"),
    ],
)
def test_log_must_tell_that_everything_ran(
    tmp_path: Path, log: str, status: int, told: str
) -> None:
    path = tmp_path / "log"
    path.write_text(log)
    done = subprocess.run(
        [CHECK_LOG, path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert told in done.stderr
    assert bool(told) == bool(done.stderr)


def test_ci_checks_the_log_of_the_tests() -> None:
    last = (PROJECT / ".ci" / "run").read_text().splitlines()[-4:]
    assert last == [
        "for tests in test torture; do",
        '    make "$tests" 2>&1 | tee "$log"',
        '    .ci/check-log "$log"',
        "done",
    ]
