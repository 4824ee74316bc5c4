"""`make run`: start every part, say when the shop is ready, stop all at the end."""

import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shop.devstack import processes, programs
from shop.devstack.credentials import Credentials, credentials_ensure, staff_ensure
from shop.devstack.data_directory import DataDirectory
from shop.devstack.environment import (
    MESSAGE_SETTINGS,
    address,
    environment_merge,
    shop_environment,
)
from shop.devstack.log_watch import LogWatch
from shop.devstack.parts import DevstackError, Parts, StopRequested
from shop.devstack.ports import HOST, PortTaken, port_answers, port_claim
from shop.devstack.postgres import PostgresServer
from shop.devstack.terminal import complain, say, say_step
from shop.devstack.valkey import ValkeyServer

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WATCH_SECONDS = 0.1
READY_SECONDS = 60
READY_REQUEST_SECONDS = 2
LAST_KILL_SECONDS = 2.0
# What ends as soon as it starts is not started more often than that.
RESTART_SECONDS = 1.0


@dataclass(frozen=True)
class StackOptions:
    """Where the stack listens and keeps its data."""

    port: int
    simulator_port: int
    folder: Path
    restarts: bool = False


class Stack:
    """All parts of one shop on this machine."""

    def __init__(self, options: StackOptions) -> None:
        self.options = options
        self.data = DataDirectory(options.folder)
        self.parts = Parts(lambda: self._is_stopping, self.data.part_note)
        self._is_stopping = False
        self._claims: dict[int, socket.socket] = {}

    def run(self) -> None:
        """Run the shop until a signal asks for the end.

        Raises: DevstackError when a part cannot start or stops by itself.
        """
        self._signals_handle()
        try:
            self._start()
            self._watch()
        except StopRequested:
            say("stopping")
        finally:
            self._stop()

    def _signals_handle(self) -> None:
        """Take note of a signal; whoever waits looks at the note.

        A SIGHUP that the caller ignores, as nohup does, stays ignored.
        """
        for number in SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda *_: setattr(self, "_is_stopping", True))

    def _start(self) -> None:
        begun = time.monotonic()
        processes.descendants_adopt()
        self.data.open()
        self._leftovers_stop()
        self._ports_claim()
        say(f"starting the shop; its data and logs are in {self.options.folder}")
        settings, staff = self._settings_make()
        self._programs_start(settings, staff)
        self.data.settings_note(settings)
        self._announce(staff, time.monotonic() - begun)

    def _leftovers_stop(self) -> None:
        if names := self.data.leftovers_stop():
            say(f"  stopped what a killed copy left running: {', '.join(names)}")

    def _ports_claim(self) -> None:
        """Take both ports now: of two copies that start together, one must lose."""
        for name, port in (
            ("PORT", self.options.port),
            ("SIMULATOR_PORT", self.options.simulator_port),
        ):
            try:
                self._claims[port] = port_claim(port)
            except PortTaken as error:
                raise DevstackError(
                    f"{name} {port} cannot be used, does another copy run? ({error})"
                ) from None

    def _settings_make(self) -> tuple[dict[str, str], tuple[str, str]]:
        """Start the servers; return all settings and the staff account."""
        folder = self.options.folder
        with step("secrets"):
            credentials = credentials_ensure(folder / "secrets.json")
            staff = staff_ensure(folder / "staff.txt")
            settings = shop_environment(
                credentials=credentials,
                folder=folder,
                port=self.options.port,
                simulator_port=self.options.simulator_port,
            )
        servers = self._servers_start(credentials)
        return settings | MESSAGE_SETTINGS | servers, staff

    def _servers_start(self, credentials: Credentials) -> dict[str, str]:
        """Start PostgreSQL and Valkey; return the settings that lead to them."""
        folder, logs = self.options.folder, self.data.logs
        valkey = ValkeyServer(folder, logs / "valkey.log", credentials.valkey_password)
        postgres = PostgresServer(
            folder, logs / "postgres.log", credentials.postgres_password
        )
        with step("Valkey"):
            valkey.start(self.parts)
        with step("PostgreSQL"):
            postgres.start(self.parts)
        return {"DATABASE_URL": postgres.url, "VALKEY_URL": valkey.url}

    def _programs_start(
        self, settings: Mapping[str, str], staff: tuple[str, str]
    ) -> None:
        """Start the rest side by side; only the worker needs the tables to start."""
        env = environment_merge(os.environ, settings)
        logs, options = self.data.logs, self.options
        # Held here, as systemd holds it: while the program restarts, requests wait.
        listener = self._claims[options.port].fileno()
        self.parts.start(programs.web(env, logs, listener))
        self._claims.pop(options.simulator_port).close()
        self.parts.start(
            programs.simulator(env, logs, options.simulator_port, options.folder)
        )
        # The demo's payments must be in its books.
        self.parts.wait(lambda: port_answers(options.simulator_port), "the simulator")
        self.parts.run(programs.prepare(env, logs, *staff))
        self.parts.start(programs.worker(env, logs))
        with step("web, worker, simulator"):
            self.parts.wait(self._is_ready, "the shop", READY_SECONDS)

    def _is_ready(self) -> bool:
        return port_answers(self.options.simulator_port) and answers_ready(
            self.options.port
        )

    def _announce(self, staff: tuple[str, str], seconds: float) -> None:
        shop = address(self.options.port)
        say(
            f"""
  shop       {shop}
  API        {shop}/api/docs
  admin      {shop}/admin/
  simulator  {address(self.options.simulator_port)}
  staff      {staff[0]} {staff[1]}
  started in {seconds:.1f} s; Ctrl-C stops everything

ready: {shop}"""
        )

    def _watch(self) -> None:
        """Show the errors of the web program until something ends."""
        watches = [
            LogWatch(self.data.logs / name) for name in ("web.log", "worker.log")
        ]
        while True:
            if self.options.restarts:
                self.parts.stop_check()
                self._ended_restart()
            else:
                self.parts.check()
            for line in (line for watch in watches for line in watch.errors()):
                complain(line)
            time.sleep(WATCH_SECONDS)

    def _ended_restart(self) -> None:
        """Start again what has ended."""
        for part in self.parts.ended():
            if time.monotonic() - part.started_at >= RESTART_SECONDS:
                complain(f"{part.failure()}; it is started again")
                self.parts.restart(part)

    def _stop(self) -> None:
        """Stop all parts and let the data go; nothing that we started stays."""
        self.parts.stop()
        processes.descendants_kill(LAST_KILL_SECONDS)
        for listener in self._claims.values():
            listener.close()
        self.data.close()


@contextmanager
def step(label: str) -> Iterator[None]:
    """Tell how long the block took."""
    begun = time.monotonic()
    yield
    say_step(label, time.monotonic() - begun)


def answers_ready(port: int) -> bool:
    """Say whether /readyz answers 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=READY_REQUEST_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
