"""migrate, which waits for a lock only as long as a shopper can."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import OperationalError, connections
from psycopg.errors import DeadlockDetected, LockNotAvailable

# Whoever comes after a statement that waits for a table waits too: shorter than the
# 3 s after which a shopper is told that the shop is busy.
LOCK_TIMEOUT_SECONDS = 2
TRIES = 10
# Those who waited behind a try come first.
PAUSE_SECONDS = 1.0
_IN_USE = (LockNotAvailable, DeadlockDetected)


class Command(DjangoCommand):
    """Give a table up again when it is in use, and try some more times.

    What is in the database after giving up is whole: a migration is there or it is
    not; of one that runs in no transaction each operation is, and may come again. So
    running the command again goes on. An index that is made or dropped while the shop
    sells (shop/index_operations.py) waits as long as it takes, for nobody waits for it.
    """

    help = f"{DjangoCommand.help} Locks are waited for briefly, several times."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout",
            type=float,
            default=LOCK_TIMEOUT_SECONDS,
            metavar="SECONDS",
            help="how long a statement waits for a lock (default: %(default)s)",
        )
        parser.add_argument(
            "--tries",
            type=int,
            default=TRIES,
            help="how often before giving up (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate.

        Raises: CommandError, when a table was in use at each try.
        """
        for left in reversed(range(options["tries"])):
            try:
                with _limits(options["database"], options["lock_timeout"]):
                    super().handle(*args, **options)
                return
            except OperationalError as error:
                if not isinstance(error.__cause__, _IN_USE):
                    raise
            if left:
                self.stderr.write(f"a table is in use; tries left: {left}")
                time.sleep(PAUSE_SECONDS)
        raise CommandError(
            "gave up: another session holds a lock on a table. The statement that"
            " waited has changed nothing; run migrate again"
        )


@contextmanager
def _limits(database: str, lock_seconds: float) -> Iterator[None]:
    """Set this session's limits for a while; an index takes as long as it takes."""
    connection = connections[database]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, false),"
            " set_config('statement_timeout', '0', false)",
            [f"{int(lock_seconds * 1000)}ms"],
        )
    try:
        yield
    finally:
        # Whoever called the command may go on with this connection.
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout; RESET statement_timeout")
