"""The command line: what is missing is told in one line."""

import subprocess
import sys

from shop.devstack.programs import PROJECT


def bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_wrk_it_says_what_to_install() -> None:
    done = bench("quick", PATH="/nowhere")
    assert (done.returncode, done.stdout, done.stderr) == (
        *(1, ""),
        "error: wrk is missing: apt-get install wrk\n",
    )


def test_every_size_is_told() -> None:
    done = bench("--help", PATH="/nowhere")
    assert done.returncode == 0
    for name in ("full", "quick", "growth", "memory", "document"):
        assert f"\n    {name} " in done.stdout
