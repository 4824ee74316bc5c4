"""SHOP_DATA: one holder, and nothing of a killed copy stays."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop.devstack import processes
from shop.devstack.data_directory import DataDirectory
from shop.devstack.parts import DevstackError, Part

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataDirectory]:
    directory = DataDirectory(tmp_path / "data")
    directory.open()
    yield directory
    directory.close()


def orphan_make(data: DataDirectory) -> Part:
    """Start a program that its record outlives, as after a kill of the stack."""
    part = Part("web", [sys.executable, "-c", SLEEP], dict(os.environ), data.logs / "x")
    part.start()
    data.part_note(part)
    return part


def test_directory_is_private_and_has_one_holder(data: DataDirectory) -> None:
    assert data.path.stat().st_mode & 0o777 == 0o700
    with pytest.raises(DevstackError, match="^another copy is running with SHOP_DATA"):
        DataDirectory(data.path).open()


def test_refused_copy_leaves_the_record_of_the_running_one(data: DataDirectory) -> None:
    data.settings_note({"DATABASE_URL": "there"})
    second = DataDirectory(data.path)
    with pytest.raises(DevstackError):
        second.open()
    second.close()
    assert second.running_settings() == {"DATABASE_URL": "there"}


def test_a_part_that_is_started_again_replaces_its_note(data: DataDirectory) -> None:
    data.settings_note({"DATABASE_URL": "there"})
    first, second = orphan_make(data), orphan_make(data)
    record = data._record_read()
    assert [note["pid"] for note in record["parts"]] == [second.process.pid]
    # How to reach the servers is still told.
    assert record["settings"] == {"DATABASE_URL": "there"}
    for part in (first, second):
        part.process.kill()
        part.process.wait()


def test_no_settings_after_the_end(data: DataDirectory) -> None:
    data.settings_note({"DATABASE_URL": "there"})
    data.close()
    assert DataDirectory(data.path).running_settings() is None


def test_no_settings_where_nothing_ever_ran(tmp_path: Path) -> None:
    assert DataDirectory(tmp_path / "none").running_settings() is None
    assert list(tmp_path.iterdir()) == []


def test_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DevstackError, match="file/data: Not a directory$"):
        DataDirectory(tmp_path / "file" / "data").open()


def test_leftover_of_a_killed_copy_is_stopped(data: DataDirectory) -> None:
    part = orphan_make(data)
    after = DataDirectory(data.path)
    assert after.leftovers_stop() == ["web"]
    assert part.process.wait(timeout=60) == -part.stop_signal
    assert after.leftovers_stop() == []


def test_program_that_got_the_number_of_a_part_is_left_alone(
    data: DataDirectory,
) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    facts = processes.process_facts(stranger.pid)
    assert facts is not None
    note = {"pid": facts.pid, "started": facts.started - 1, "name": "web"}
    data._parts["web"] = note | {"stop_signal": 9}
    data.settings_note({})
    assert DataDirectory(data.path).leftovers_stop() == []
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
