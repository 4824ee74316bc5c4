"""Lines and where they go: readable, JSON, into a file that may move or be full."""

import contextlib
import itertools
import json
import logging
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from conftest import PATIENCE_SECONDS
from shop.logs.context import context_set
from shop.logs.formatters import JsonFormatter, ReadableFormatter
from shop.logs.handlers import RotatableFileHandler


@pytest.fixture(autouse=True)
def _no_context() -> Iterator[None]:
    context_set()
    yield
    context_set()


def record(message: str, *args: Any, **facts: Any) -> logging.LogRecord:
    made = logging.LogRecord("shop.x", logging.ERROR, __file__, 1, message, args, None)
    made.__dict__.update(facts)
    return made


def test_a_json_line_has_these_fields_and_no_others() -> None:
    context_set(request_id="r1")
    line = JsonFormatter().format(record("支付 %s", "7", request="GET /?secret=1"))
    facts = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}\+08:00", facts.pop("time"))
    assert facts == {
        "level": "ERROR",
        "logger": "shop.x",
        "request_id": "r1",
        "message": "支付 7",
    }
    assert "支付" in line


def test_an_exception_is_one_field() -> None:
    try:
        raise ValueError("line one\nline two of 13912345678")
    except ValueError:
        line = JsonFormatter().format(record("broken", exc_info=sys.exc_info()))
    assert "\n" not in line
    exception = json.loads(line)["exception"]
    assert exception.startswith("Traceback (most recent call last):\n")
    assert exception.endswith("ValueError: line one\nline two of ***")


def test_a_readable_line() -> None:
    context_set(job_id="7", task="orders.jobs.orders_sweep")
    line = ReadableFormatter().format(record("token=abc"))
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d [\d:,]{12} ERROR shop\.x \[7 orders\.jobs\.orders_sweep\]"
        r" token=\*\*\*",
        line,
    )


def test_procrastinate_names_the_job_itself() -> None:
    job = {"id": 9, "task_name": "t", "task_kwargs": {"openid": "o1"}}
    facts = json.loads(JsonFormatter().format(record("ended", job=job)))
    assert (facts["job_id"], facts["task"]) == ("9", "t")
    assert "o1" not in facts.values()


@pytest.fixture
def silent(monkeypatch: Any) -> None:
    """As in production: a handler that fails says nothing."""
    monkeypatch.setattr(logging, "raiseExceptions", False)


def logger_to(handler: logging.Handler) -> logging.Logger:
    logger = logging.getLogger("test.of.lines")
    logger.handlers.clear()
    logger.propagate = False
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    return logger


@pytest.mark.usefixtures("silent")
def test_a_full_disk_and_a_wrong_message_fail_nobody(capfd: Any) -> None:
    handler = RotatableFileHandler("/dev/full")
    logger = logger_to(handler)
    logger.error("lost")
    logger.error("%d", "no number")
    with contextlib.suppress(OSError):
        handler.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("silent")
def test_a_folder_that_is_gone_fails_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    handler = RotatableFileHandler(folder / "app.log")
    logger = logger_to(handler)
    logger.error("one")
    (folder / "app.log").rename(tmp_path / "moved.log")
    folder.rmdir()
    logger.error("lost")
    folder.mkdir()
    logger.error("two")
    handler.close()
    assert '"one"' in (tmp_path / "moved.log").read_text()
    assert '"two"' in (folder / "app.log").read_text()


def test_no_line_waits_for_another_thread(tmp_path: Path) -> None:
    handler = RotatableFileHandler(tmp_path / "app.log")
    logger = logger_to(handler)
    waiting = Thread(target=logger.error, args=["quick"])
    # As a thread holds it that waits for the disk.
    with handler.lock:
        waiting.start()
        waiting.join(PATIENCE_SECONDS)
        assert '"quick"' in (tmp_path / "app.log").read_text()
    handler.close()


def test_no_line_is_lost_or_torn_while_files_are_moved(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    handler = RotatableFileHandler(log)
    logger = logger_to(handler)
    long = "x" * 5000

    def write(writer: int) -> None:
        for number in range(100):
            logger.error("%s", f"{writer}-{number} {long}")

    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(write, writer) for writer in range(8)]
        for number in itertools.count():
            if all(one.done() for one in writing):
                break
            with contextlib.suppress(FileNotFoundError):
                log.rename(tmp_path / f"old-{number}.log")
    for one in writing:
        one.result()
    handler.close()
    texts = [path.read_text() for path in tmp_path.iterdir()]
    lines = [line for text in texts for line in text.splitlines()]
    found = [json.loads(line)["message"].partition(" ")[0] for line in lines]
    assert sorted(found) == sorted(f"{w}-{n}" for w in range(8) for n in range(100))
    assert len(texts) > 1


@pytest.mark.usefixtures("silent")
def test_a_closed_pipe_fails_nobody(tmp_path: Path) -> None:
    stream = (tmp_path / "x").open("w")
    stream.close()
    logger_to(logging.StreamHandler(stream)).error("lost")
