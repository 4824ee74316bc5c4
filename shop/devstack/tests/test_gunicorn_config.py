"""gunicorn's settings: gunicorn takes them, and the environment changes them."""

import logging
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from gunicorn.config import Config

from shop.devstack.programs import PROJECT
from shop.wechat.callee import REQUEST_CALLS_MAX

CONFIG = PROJECT / "deploy" / "gunicorn.conf.py"


def settings_printed() -> dict[str, str]:
    """Return what gunicorn itself makes of the file."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GUNICORN_") and name != "WEB_CONCURRENCY"
    }
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", str(CONFIG), "--print-config"],
        env=kept,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.partition(" = ") for line in done.stdout.splitlines()]
    return {name.strip(): value for name, _, value in lines}


def cores(*limit_file: str) -> int:
    counted: int = runpy.run_path(str(CONFIG))["_cores"](*limit_file)
    return counted


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000", None),
        ("100000 100000", 1),
        ("10000 100000", 1),
        ("99900000 100000", None),
    ],
)
def test_cores_of_a_container(tmp_path: Path, limit: str, expected: int | None) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(f"{limit}\n")
    assert cores(str(file)) == (expected or len(os.sched_getaffinity(0)))
    assert cores(str(tmp_path / "none")) == len(os.sched_getaffinity(0))


def threads(processes: int) -> int:
    shared: int = runpy.run_path(str(CONFIG))["_threads"](processes)
    return shared


@pytest.mark.parametrize(
    ("processes", "expected"),
    [(0, 16), (1, 16), (3, 16), (5, 16), (6, 13), (9, 8), (33, 8)],
)
def test_threads_share_what_postgresql_has_room_for(
    processes: int, expected: int
) -> None:
    assert threads(processes) == expected >= 2 * REQUEST_CALLS_MAX


@pytest.mark.parametrize(
    ("idle", "silent", "expected"), [(0, 0, 4), (7, 0, 11), (7, 2, 13), (998, 0, 1000)]
)
def test_a_process_takes_no_more_connections_than_it_has_threads_free(
    idle: int, silent: int, expected: int
) -> None:
    config = Config()
    config.set("threads", 4)
    kind = runpy.run_path(str(CONFIG))["EvenWorker"]
    worker = kind(0, os.getpid(), [], None, 30, config, logging.getLogger())
    worker.keepalived_conns.extend(range(idle))
    worker.pending_conns.extend(range(silent))
    assert worker.worker_connections == expected


def test_defaults() -> None:
    settings = settings_printed()
    assert settings["bind"] == "['127.0.0.1:8000']"
    assert settings["workers"] == str(cores() + 1)
    assert settings["worker_class"] == "<EvenWorker()>"
    assert settings["threads"] == str(threads(cores() + 1))
    assert settings["preload_app"] == "True"
    assert settings["control_socket_disable"] == "True"
    assert int(settings["max_requests_jitter"]) > 0


@pytest.mark.parametrize(
    ("variable", "value", "setting", "expected"),
    [
        ("GUNICORN_BIND", "0.0.0.0:9000", "bind", "0.0.0.0:9000"),
        ("GUNICORN_WORKERS", "7", "workers", 7),
        ("WEB_CONCURRENCY", "5", "workers", 5),
        ("GUNICORN_THREADS", "3", "threads", 3),
        ("GUNICORN_TIMEOUT", "9", "timeout", 9),
        ("GUNICORN_GRACEFUL_TIMEOUT", "9", "graceful_timeout", 9),
        ("GUNICORN_KEEPALIVE", "9", "keepalive", 9),
        ("GUNICORN_MAX_REQUESTS", "9", "max_requests", 9),
        ("GUNICORN_WORKER_TMP_DIR", "/run", "worker_tmp_dir", "/run"),
    ],
)
def test_environment_wins(
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    setting: str,
    expected: object,
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/nowhere")
    assert runpy.run_path(str(CONFIG))[setting] == expected
