"""A real streaming replica of the tests' PostgreSQL, made by pg_basebackup."""

import os
import signal
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from shop.devstack import processes
from shop.devstack.environment import environment_merge
from shop.devstack.parts import Part, Parts
from shop.devstack.ports import HOST
from shop.devstack.postgres import (
    ROLE,
    UNSAFE_SETTINGS,
    PostgresServer,
    account_name,
    account_own,
    program_path,
)


class ReplicaServer:
    """Start it, stop it, hang it, hold it back."""

    def __init__(self, folder: Path) -> None:
        self._primary = connection.settings_dict
        self._parts = Parts()
        self._server = PostgresServer(
            folder, folder / "replica.log", self._primary["PASSWORD"], UNSAFE_SETTINGS
        )
        self._copy()
        # The copy has the database already.
        (folder / "postgres.database").touch()

    def _copy(self) -> None:
        data = self._server.data
        data.mkdir(mode=0o700)
        account_own(data)
        source = f"host={HOST} port={self._primary['PORT']} user={ROLE}"
        command = [str(program_path("pg_basebackup")), f"--pgdata={data}"]
        options = ["--checkpoint=fast", "--write-recovery-conf", "--no-sync"]
        self._parts.run(
            Part(
                name="pg_basebackup",
                command=[*command, *options, f"--dbname={source}"],
                env=environment_merge(
                    os.environ, {"PGPASSWORD": self._primary["PASSWORD"]}
                ),
                log=self._server.log,
                account=account_name(),
            )
        )

    @property
    def port(self) -> str:
        return str(self._server.port)

    @property
    def url(self) -> str:
        """Return the address of the tests' database on the replica."""
        head = self._server.url.rpartition("/")[0]
        return f"{head}/{self._primary['NAME']}"

    def start(self) -> None:
        self._server.start(self._parts)

    def stop(self) -> None:
        self._parts.stop()

    def hang(self) -> None:
        """Stop every process of it in its tracks; connections stay open."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        [server] = self._parts.running
        for process in processes.descendants(server.process.pid):
            processes.process_signal(process.pid, number)
        processes.process_signal(server.process.pid, number)

    def query(self, statement: str, *values: Any) -> Any:
        with psycopg.connect(self.url, autocommit=True) as session:
            return session.execute(statement, values).fetchone()[0]

    def hold_back(self) -> None:
        """Receive, but replay nothing more."""
        self.query("SELECT pg_wal_replay_pause()")
        while self.query("SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass

    def go_on(self) -> None:
        self.query("SELECT pg_wal_replay_resume()")

    def catch_up(self) -> None:
        """Wait until everything that the primary has committed is here."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            [end] = cursor.fetchone()
        while not self.query("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", end):
            assert self._parts.running[0].exit_status is None
