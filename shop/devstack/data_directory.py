"""SHOP_DATA: one running stack at a time, its files, and what it left running."""

import fcntl
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from shop.devstack import processes
from shop.devstack.credentials import private_write
from shop.devstack.parts import DevstackError, Part

LEFTOVER_STOP_SECONDS = 10.0


class DataDirectory:
    """The directory that holds all data of a stack; open it before use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None
        self._parts: dict[str, dict[str, Any]] = {}
        self._settings: dict[str, str] = {}

    @property
    def logs(self) -> Path:
        """Where each part has its log."""
        return self.path / "logs"

    @property
    def _record(self) -> Path:
        """What runs now: for the next start, and for other commands."""
        return self.path / "run.json"

    def open(self) -> None:
        """Make the directory if need be, and hold it for this process alone.

        Raises: DevstackError when it cannot be used or another copy holds it.
        """
        try:
            if not self.path.exists():
                self.path.mkdir(mode=0o700, parents=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            lock = lock_open(self.path / "lock")
        except OSError as error:
            raise DevstackError(f"SHOP_DATA {self.path}: {error.strerror}") from None
        if not lock_take(lock):
            os.close(lock)
            raise DevstackError(f"another copy is running with SHOP_DATA {self.path}")
        self._lock = lock

    def close(self) -> None:
        """Forget what ran and let the next copy in, if this copy held the directory."""
        if self._lock is not None:
            self._record.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def part_note(self, part: Part) -> None:
        """Write down that the part runs, for a start after a crash of this process."""
        facts = processes.process_facts(part.process.pid)
        if facts:
            note = {"pid": facts.pid, "started": facts.started, "name": part.name}
            self._parts[part.name] = note | {"stop_signal": int(part.stop_signal)}
            self._record_write()

    def settings_note(self, settings: dict[str, str]) -> None:
        """Write down how to reach the running servers, for other commands."""
        self._settings = settings
        self._record_write()

    def _record_write(self) -> None:
        record = {
            "boot": processes.boot_id(),
            "parts": [*self._parts.values()],
            "settings": self._settings,
        }
        private_write(self._record, json.dumps(record, indent=2) + "\n")

    def running_settings(self) -> dict[str, str] | None:
        """Return how to reach the running servers; None when no stack runs here."""
        try:
            lock = lock_open(self.path / "lock", create=False)
        except OSError:
            return None
        is_free = lock_take(lock)
        os.close(lock)
        settings: dict[str, str] = {} if is_free else self._record_read()["settings"]
        return settings or None

    def _record_read(self) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads(self._record.read_text())
        except (OSError, ValueError):
            return {"boot": "", "parts": [], "settings": {}}
        return record

    def leftovers_stop(self) -> list[str]:
        """Stop what a killed copy left running; return the names of those parts."""
        record = self._record_read()
        if record["boot"] != processes.boot_id():
            return []
        names = [note["name"] for note in record["parts"] if part_processes(note)]
        deadline = time.monotonic() + LEFTOVER_STOP_SECONDS
        for note in record["parts"]:
            notes_signal([note], note["stop_signal"])
        while any(part_processes(note) for note in record["parts"]):
            if time.monotonic() > deadline:
                notes_signal(record["parts"], signal.SIGKILL)
            time.sleep(0.05)
        return names


def part_processes(note: dict[str, Any]) -> list[int]:
    """Return the living processes of a part: itself and its session.

    A process id that was given to another program since then is not the part's.
    """
    leader = processes.process_facts(note["pid"])
    if leader and leader.started != note["started"]:
        return []
    return [
        facts.pid
        for facts in processes.process_list()
        if facts.session == note["pid"] and facts.started >= note["started"]
    ]


def notes_signal(notes: list[dict[str, Any]], number: int) -> None:
    """Send the signal to all processes of the parts."""
    for note in notes:
        for pid in part_processes(note):
            processes.process_signal(pid, number)


def lock_open(path: Path, *, create: bool = True) -> int:
    """Open the lock file; programs that we start do not inherit it."""
    return os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)


def lock_take(descriptor: int) -> bool:
    """Take the lock without waiting; say whether it was free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
