"""Servers of a test's own, which it may stop, hang and start again on their ports."""

import os
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from shop.devstack import processes
from shop.devstack.environment import environment_merge
from shop.devstack.parts import SERVER_STOP_SECONDS, Part, Parts, parts_stop
from shop.devstack.ports import HOST
from shop.devstack.postgres import (
    ROLE,
    UNSAFE_SETTINGS,
    PostgresServer,
    account_name,
    account_own,
    program_path,
)
from shop.devstack.valkey import ValkeyServer


class OwnServer:
    """One server; `again` finds the port and the data that it had."""

    def __init__(self, server: PostgresServer | ValkeyServer) -> None:
        self.server = server
        self._parts = Parts()

    def start(self) -> None:
        self.server.start(self._parts)

    def stop(self) -> None:
        """Stop it for good."""
        self.wake()
        self._parts.stop()

    def end(self) -> None:
        """Stop it as an operator does; it may come again."""
        parts_stop([self._part], SERVER_STOP_SECONDS)

    def kill(self) -> None:
        """End it as a power cut does."""
        processes.group_signal(self._part.process.pid, signal.SIGKILL)
        self._part.process.wait()

    def again(self) -> None:
        part = self._part
        part.start()
        self._parts.wait(partial(self.server._is_ready, part), part.name)

    def hang(self) -> None:
        """Stop every process of it in its tracks; connections stay open."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    @property
    def _part(self) -> Part:
        [part] = self._parts.running
        return part

    def _signal(self, number: int) -> None:
        for part in self._parts.running:
            # The server first: what it begins afterwards would not hang.
            processes.process_signal(part.process.pid, number)
            for process in processes.descendants(part.process.pid):
                processes.process_signal(process.pid, number)


class OwnValkey(OwnServer):
    """A Valkey of its own, empty."""

    server: ValkeyServer

    def __init__(self, folder: Path) -> None:
        super().__init__(ValkeyServer(folder, folder / "valkey.log", "a-password"))

    @property
    def url(self) -> str:
        return self.server.url


class PostgresCopy(OwnServer):
    """The tests' PostgreSQL as it is now, in a server of its own."""

    server: PostgresServer
    # More for pg_basebackup.
    copy_options: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        self.original = connection.settings_dict
        password = self.original["PASSWORD"]
        log = folder / "postgres.log"
        super().__init__(PostgresServer(folder, log, password, UNSAFE_SETTINGS))
        self._copy()

    def _copy(self) -> None:
        data = self.server.data
        data.mkdir(mode=0o700)
        account_own(data)
        source = f"host={HOST} port={self.original['PORT']} user={ROLE}"
        command = [str(program_path("pg_basebackup")), f"--pgdata={data}"]
        options = ["--checkpoint=fast", "--no-sync", *self.copy_options]
        self._parts.run(
            Part(
                name="pg_basebackup",
                command=[*command, *options, f"--dbname={source}"],
                env=environment_merge(
                    os.environ, {"PGPASSWORD": self.original["PASSWORD"]}
                ),
                log=self.server.log,
                account=account_name(),
            )
        )

    @property
    def port(self) -> str:
        return str(self.server.port)

    @property
    def url(self) -> str:
        """Return the address of the tests' database in it."""
        head = self.server.url.rpartition("/")[0]
        return f"{head}/{self.original['NAME']}"

    def query(self, statement: str, *values: Any) -> Any:
        with psycopg.connect(self.url, autocommit=True) as session:
            return session.execute(statement, values).fetchone()[0]
