"""Errors of a log are shown as they come, everything else is not."""

from pathlib import Path

from shop.devstack.log_watch import LogWatch

OLD = "2026-01-01 10:00:00 ERROR shop old\n"
INFO = "2026-01-01 10:00:01 INFO shop fine\n"
ERROR = "2026-01-01 10:00:02 ERROR shop broken\n"
TRACEBACK = "Traceback (most recent call last):\n  File x\nValueError: y\n"


def test_only_new_errors_and_their_tracebacks(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text(OLD)
    watch = LogWatch(log)
    assert watch.errors() == []
    with log.open("a") as file:
        file.write(INFO + ERROR + TRACEBACK + INFO)
    assert watch.errors() == (ERROR + TRACEBACK).splitlines()
    assert watch.errors() == []


def test_a_log_that_was_put_aside_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text(OLD * 10)
    watch = LogWatch(log)
    log.replace(tmp_path / "web.log.1")
    log.write_text(ERROR)
    assert watch.errors() == ERROR.splitlines()


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    watch = LogWatch(log)
    assert watch.errors() == []
    log.write_text("[2026-01-01] [7] [ERROR] Worker")
    assert watch.errors() == []
    with log.open("a") as file:
        file.write(" died\n")
    assert watch.errors() == ["[2026-01-01] [7] [ERROR] Worker died"]
