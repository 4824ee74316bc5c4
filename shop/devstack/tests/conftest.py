"""A whole stack that all of these tests share: it takes long to start.

The last ones of test_stack.py, the last file that uses it, stop it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .stack_process import StackProcess

# One after the other on one worker: each stack takes both cores for seconds.
MARKS = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Longer than a socket's path may be, and with what shells and URLs trip over.
    return (
        tmp_path_factory.mktemp("stack") / ("a long name with 'quotes' " * 4) / "data"
    )


@pytest.fixture(scope="package")
def running(folder: Path) -> Iterator[StackProcess]:
    folder.parent.mkdir()
    stack = StackProcess(folder).start().wait_ready()
    yield stack
    stack.discard()
