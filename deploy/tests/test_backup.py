"""The dump of the database: what happens when there is none to dump."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from shop.devstack.postgres import program_path
from shop.devstack.programs import PROJECT

from .node import wait_until

SCRIPT = PROJECT / "deploy" / "backup.sh"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Lead to a socket that is not there; the folder has an old dump."""
    old = tmp_path / "shop-20200101T000000Z.dump"
    old.write_text("an old one")
    os.utime(old, (0, 0))
    return {
        "PATH": f"{program_path('pg_dump').parent}:{os.environ['PATH']}",
        "BACKUP_FOLDER": str(tmp_path),
        "PGHOST": str(tmp_path),
    }


def test_failed_dump_says_so_and_costs_no_older_one(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        ["sh", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "No such file or directory" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["shop-20200101T000000Z.dump"]


def test_daily_goes_on_after_a_failure_and_stops_when_asked(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("log") / "backup.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", SCRIPT, "--daily"], env=environment, stdout=output, stderr=output
        )
    try:
        wait_until(lambda: "next try in an hour" in log.read_text(), "no word of it")
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
