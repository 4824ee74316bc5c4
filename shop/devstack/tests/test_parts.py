"""Child programs: success, failure, stubbornness, and the death of the parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shop.devstack import parts as parts_module
from shop.devstack import processes
from shop.devstack.parts import DevstackError, Part, Parts, StopRequested
from shop.devstack.programs import PROJECT

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); time.sleep(60)"
)
# os.write: the signal may come while print still holds the buffer that it flushes.
TELLS_ITS_END = """
import os, signal, sys, time
def end(*_):
    time.sleep({delay})
    os.write(1, str(time.monotonic()).encode())
    sys.exit()
signal.signal(signal.SIGTERM, end)
print('up', flush=True)
time.sleep(60)
"""


def python_part(tmp_path: Path, code: str, **fields: object) -> Part:
    return Part(
        name="example",
        command=[sys.executable, "-c", code],
        env={"PATH": os.defpath},
        log=tmp_path / "example.log",
        **fields,
    )


def test_run_waits_for_success(tmp_path: Path) -> None:
    parts = Parts()
    parts.run(python_part(tmp_path, "print('done')"))
    assert (tmp_path / "example.log").read_text() == "done\n"
    assert parts.running == []


def test_run_tells_the_status_and_the_last_lines_of_the_log(tmp_path: Path) -> None:
    code = "import sys; print(*range(30), sep='\\n'); sys.exit(3)"
    with pytest.raises(DevstackError) as caught:
        Parts().run(python_part(tmp_path, code))
    log = tmp_path / "example.log"
    assert str(caught.value) == f"example exited with status 3; see {log}"
    assert caught.value.log.split() == [str(number) for number in range(15, 30)]


def test_part_that_ends_is_noticed_while_waiting_for_another(tmp_path: Path) -> None:
    parts = Parts()
    part = parts.start(python_part(tmp_path, SLEEP))
    os.kill(part.process.pid, signal.SIGKILL)
    with pytest.raises(DevstackError, match="example was killed by SIGKILL"):
        parts.wait(lambda: False, "another")
    parts.stop()


def test_wait_tells_what_took_too_long() -> None:
    with pytest.raises(DevstackError, match="^the moon: not ready after 0 s$"):
        Parts().wait(lambda: False, "the moon", timeout_seconds=0)


def test_stop_request_ends_a_wait_and_the_part_it_waits_for(tmp_path: Path) -> None:
    part = python_part(tmp_path, SLEEP)
    with pytest.raises(StopRequested):
        Parts(lambda: True).run(part)
    assert part.exit_status == -signal.SIGTERM


def test_stop_kills_a_part_that_does_not_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "PROGRAM_STOP_SECONDS", 0.2)
    parts = Parts()
    part = parts.start(python_part(tmp_path, STUBBORN))
    parts.wait(lambda: "deaf" in part.log.read_text(), "the program")
    parts.stop()
    assert part.exit_status == -signal.SIGKILL


def test_servers_stop_after_the_programs(tmp_path: Path) -> None:
    parts = Parts()
    server = python_part(tmp_path, TELLS_ITS_END.format(delay=0), is_server=True)
    program = python_part(tmp_path, TELLS_ITS_END.format(delay=0.5))
    program.log = tmp_path / "program.log"
    for part in (server, program):
        parts.start(part)
        parts.wait(lambda log=part.log: "up" in log.read_text(), "the part")
    parts.stop()
    ends = [float(part.log.read_text().split()[1]) for part in (program, server)]
    assert ends[0] < ends[1]


def test_lost_port_is_tried_again_on_another_one(tmp_path: Path) -> None:
    codes = iter(["import sys; sys.exit('Address already in use')", SLEEP])
    parts = Parts()
    parts.start_listening(
        lambda: python_part(tmp_path, next(codes)),
        lambda part: SLEEP in part.command,
    )
    assert [SLEEP in part.command for part in parts.running] == [True]
    parts.stop()


def test_long_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "LOG_MAX_BYTES", 3)
    log = tmp_path / "example.log"
    log.write_text("long")
    Parts().run(python_part(tmp_path, "print('new')"))
    assert log.read_text() == "new\n"
    assert (tmp_path / "example.log.1").read_text() == "long"


def test_part_dies_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = f"""
import pathlib, sys, time
from shop.devstack.parts import Part, Parts
part = Part("child", [sys.executable, "-c", {SLEEP!r}], {{}}, pathlib.Path(sys.argv[1]))
print(Parts().start(part).process.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "child.log")],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    # Only when the launcher has become the program is the request in place.
    program = Path(f"/proc/{child}/cmdline")
    wait_until(lambda: b"launcher" not in program.read_bytes())
    parent.kill()
    parent.wait()
    wait_until(lambda: child not in {one.pid for one in processes.process_list()})


# Its child stays when it is killed, in a session of its own as PostgreSQL's do.
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}], start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""
# A process of its own, for it kills all children that are no parts.
RESTART = f"""
import os, pathlib, signal, sys, time
from shop.devstack import processes
from shop.devstack.parts import Part, Parts
processes.descendants_adopt()
log = pathlib.Path(sys.argv[1])
noted = []
parts = Parts(started=lambda part: noted.append(part.process.pid))
part = parts.start(Part("parent", [sys.executable, "-c", {PARENT!r}], {{}}, log))
parts.wait(lambda: log.read_text().count("\\n") == 1, "the first child")
os.kill(part.process.pid, signal.SIGKILL)
while not parts.ended():
    time.sleep(0.01)
parts.restart(part)
assert parts.ended() == [] and noted[1] == part.process.pid != noted[0]
parts.wait(lambda: log.read_text().count("\\n") == 2, "the second child")
alive = {{one.pid for one in processes.process_list()}}
print([int(pid) in alive for pid in log.read_text().split()])
parts.stop()
processes.descendants_kill(2)
"""


def test_restart_leaves_nothing_of_what_was_killed(tmp_path: Path) -> None:
    told = subprocess.check_output(
        [sys.executable, "-c", RESTART, str(tmp_path / "parent.log")],
        cwd=PROJECT,
        text=True,
    )
    assert told == "[False, True]\n"


def wait_until(ready: Callable[[], bool]) -> None:
    Parts().wait(ready, "the condition", timeout_seconds=60)
