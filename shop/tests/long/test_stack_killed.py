"""A whole stack whose parts are killed, or which is killed itself: it leaves none."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop.devstack.tests.conftest import MARKS
from shop.devstack.tests.stack_process import (
    STOP_SECONDS,
    StackProcess,
    still_alive,
)

pytestmark = MARKS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack") / "data"


@pytest.fixture
def fresh(folder: Path) -> Iterator[StackProcess]:
    """A stack on the data of the one before."""
    stack = StackProcess(folder).start()
    yield stack
    stack.discard()


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("valkey", "valkey-server"),
        ("postgres", "bin/postgres"),
        ("web", "gunicorn"),
        ("simulator", "devstack.simulator"),
        ("worker", "procrastinate"),
    ],
)
def test_a_killed_part_stops_all(
    fresh: StackProcess, folder: Path, name: str, word: str
) -> None:
    fresh.wait_ready()
    before = fresh.below()
    os.kill(fresh.part(word), signal.SIGKILL)
    assert fresh.process.wait(timeout=STOP_SECONDS) == 1
    log = folder / "logs" / f"{name}.log"
    assert f"error: {name} was killed by SIGKILL; see {log}\n" in fresh.text
    assert still_alive(before) == []


def test_start_after_the_stack_itself_was_killed(
    fresh: StackProcess, folder: Path
) -> None:
    fresh.wait_ready()
    before = fresh.below()
    fresh.process.kill()
    fresh.process.wait()
    after = StackProcess(folder).start()
    try:
        after.wait_ready()
        assert still_alive(before) == []
        assert after.stop(signal.SIGINT) == 0
    finally:
        after.discard()
