"""Child programs: start them, notice when one stops, stop all of them."""

import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from shop.devstack import launcher, processes

LAUNCHER = Path(launcher.__file__).resolve()
POLL_SECONDS = 0.02
LOG_TAIL_LINES = 15
START_ATTEMPTS = 3
# Together under the ten seconds that a stop may take.
PROGRAM_STOP_SECONDS = 5.0
SERVER_STOP_SECONDS = 3.0
LOG_MAX_BYTES = 5 * 1024 * 1024


class DevstackError(Exception):
    """What the user is told, in one line; `log` is shown below it."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class StopRequested(Exception):
    """The user asked for the end: Ctrl-C or a signal."""


@dataclass
class Part:
    """One child program. Servers stop after the programs that use them."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    is_server: bool = False
    stop_signal: int = signal.SIGTERM
    account: str = ""
    input: bytes = b""
    pass_fds: Sequence[int] = ()
    shows_output: bool = False
    # Where the standard output goes, apart from the log.
    output: Path | None = None
    process: subprocess.Popen[bytes] = field(init=False, repr=False)
    started_at: float = field(init=False, repr=False)

    def start(self) -> None:
        """Start the program in a session of its own, so that Ctrl-C reaches only us."""
        self.started_at = time.monotonic()
        output = self.output or self.log
        for path in {self.log, output}:
            log_rotate(path)
        with self.log.open("ab") as log, output.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - no shell, our own programs
                [*self._launch(), *self.command],
                env=dict(self.env),
                stdin=subprocess.PIPE if self.input else subprocess.DEVNULL,
                stdout=None if self.shows_output else out,
                stderr=log,
                pass_fds=self.pass_fds,
                start_new_session=True,
            )
        if self.input:
            self._feed(self.process.stdin)

    def _launch(self) -> list[str]:
        account = self.account or launcher.NOBODY_CHANGES
        facts = [str(int(self.stop_signal)), str(os.getpid()), account]
        return [sys.executable, "-I", "-S", str(LAUNCHER), *facts]

    def _feed(self, pipe: IO[bytes] | None) -> None:
        """Write the input, a few lines; a program that died early is noticed later."""
        try:
            if pipe:
                pipe.write(self.input)
                pipe.close()
        except BrokenPipeError:
            return

    @property
    def exit_status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self.process.poll()

    def failure(self) -> DevstackError:
        """Describe the unexpected end of this part."""
        status = self.exit_status or 0
        how = f"exited with status {status}"
        if status < 0:
            how = f"was killed by {signal.Signals(-status).name}"
        return DevstackError(f"{self.name} {how}; see {self.log}", log_tail(self.log))


def log_rotate(log: Path) -> None:
    """Put a log that has grown too long aside; one older copy is kept."""
    if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
        log.replace(log.with_suffix(".log.1"))


def log_tail(log: Path) -> str:
    """Return the last lines of a log."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-LOG_TAIL_LINES:])


def never() -> bool:
    """Say that nobody asked to stop."""
    return False


def ignore(part: Part) -> None:
    """Take no note of a started part."""


class Parts:
    """All running parts. Start them from the main thread alone.

    They die with the thread that started them: so the kernel understands "parent".
    """

    def __init__(
        self,
        stop_requested: Callable[[], bool] = never,
        started: Callable[[Part], None] = ignore,
    ) -> None:
        self.running: list[Part] = []
        self._stop_requested = stop_requested
        self._started = started

    def start(self, part: Part) -> Part:
        """Start a part that runs until the end."""
        part.start()
        self.running.append(part)
        self._started(part)
        return part

    def run(self, part: Part, timeout_seconds: float = 300) -> None:
        """Run a part that ends by itself and must succeed.

        Raises: DevstackError when it fails, StopRequested.
        """
        self.start(part)
        self.finish(part, timeout_seconds)

    def start_listening(
        self, make: Callable[[], Part], is_ready: Callable[[Part], bool]
    ) -> None:
        """Start a server that `make` puts on a free port, and wait until it is ready.

        When another program was faster on the port, `make` is asked for a new one.

        Raises: DevstackError, StopRequested.
        """
        for attempts_left in reversed(range(START_ATTEMPTS)):
            server = self.start(make())
            try:
                self.wait(functools.partial(is_ready, server), server.name)
                return
            except DevstackError as error:
                has_lost_port = server.exit_status is not None and "in use" in error.log
                if not (has_lost_port and attempts_left):
                    raise
                self.running.remove(server)

    def finish(self, part: Part, timeout_seconds: float = 300) -> None:
        """Wait for the end of a part that ends by itself.

        Raises: DevstackError when it fails or takes too long, StopRequested.
        """
        self.running.remove(part)
        try:
            self.wait(lambda: part.exit_status is not None, part.name, timeout_seconds)
        except BaseException:
            parts_stop([part], PROGRAM_STOP_SECONDS)
            raise
        if part.exit_status != 0:
            raise part.failure()

    def wait(
        self, ready: Callable[[], bool], what: str, timeout_seconds: float = 60
    ) -> None:
        """Wait until `ready` says yes.

        Raises: DevstackError when a part ends or the time is over, StopRequested.
        """
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise DevstackError(f"{what}: not ready after {timeout_seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Raise StopRequested when asked to stop, DevstackError when a part ended."""
        self.stop_check()
        for part in self.ended():
            raise part.failure()

    def stop_check(self) -> None:
        """Raise StopRequested when asked to stop."""
        if self._stop_requested():
            raise StopRequested

    def ended(self) -> list[Part]:
        """Return the parts that have ended, though they run until all is stopped."""
        return [part for part in self.running if part.exit_status is not None]

    def restart(self, part: Part) -> None:
        """Start an ended part again as it was, without what it left running."""
        processes.group_signal(part.process.pid, signal.SIGKILL)
        # PostgreSQL's processes have groups of their own.
        processes.orphans_end({one.process.pid for one in self.running})
        part.start()
        self._started(part)

    def stop(self) -> None:
        """Stop the programs, then the servers; kill what does not follow in time."""
        programs = [part for part in self.running if not part.is_server]
        servers = [part for part in self.running if part.is_server]
        parts_stop(programs, PROGRAM_STOP_SECONDS)
        parts_stop(servers, SERVER_STOP_SECONDS)
        self.running.clear()


def parts_stop(parts: Sequence[Part], timeout_seconds: float) -> None:
    """Ask all of them at once to stop; after the time kill their process groups."""
    for part in parts:
        if part.exit_status is None:
            processes.process_signal(part.process.pid, part.stop_signal)
    deadline = time.monotonic() + timeout_seconds
    while any(part.exit_status is None for part in parts):
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    for part in parts:
        processes.group_signal(part.process.pid, signal.SIGKILL)
        part.process.wait()
