"""A real streaming replica of the tests' PostgreSQL, made by pg_basebackup."""

from django.db import connection

from shop.tests.servers import PostgresCopy


class ReplicaServer(PostgresCopy):
    """Start it, stop it, hang it, hold it back."""

    copy_options = ("--write-recovery-conf",)

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
            assert self._part.exit_status is None
