"""The data: loaded once into a database that is kept, copied for each run."""

import os
import sys
from pathlib import Path

from bench.scales import Scale
from bench.servers import Servers
from shop.devstack.environment import environment_merge
from shop.devstack.parts import Part
from shop.devstack.ports import HOST
from shop.devstack.postgres import DATABASE, ROLE, program_path
from shop.devstack.programs import PROJECT

LOAD = PROJECT / "bench" / "sql" / "load.sql"
LOAD_SECONDS = 4 * 3600
# As files: quicker than through the log, and the checkpoint comes before the run.
COPY = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"

# What orders and readers meet at random; of what is ever longer, the end alone is met.
READ_IN = """
SELECT sum(pg_prewarm(oid::regclass, 'read')) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'i'
"""
# Into the server's own memory.
READ_CATALOGUE_IN = """
WITH shelf AS (
    SELECT oid FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname LIKE 'catalog\\_%' AND relname <> 'catalog_stockmovement'
)
SELECT sum(pg_prewarm(part::regclass)) FROM (
    SELECT oid AS part FROM shelf
    UNION ALL
    SELECT indexrelid FROM pg_index JOIN shelf ON indrelid = shelf.oid
) AS parts
"""


class Data:
    """The databases of one PostgreSQL."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def prepare(self, scale: Scale, name: str = DATABASE) -> None:
        """Make the database of a run anew: a copy of what was loaded once.

        Raises: DevstackError, StopRequested.
        """
        self._ensure(scale)
        self.sql(f"DROP DATABASE IF EXISTS {name}")
        self.sql(COPY.format(name, scale.database))

    def vacuum(self, scale: Scale) -> None:
        """Make what was loaded once as good as new, for a run that writes into it.

        A shop of ten million orders is too large for a copy.
        Raises: DevstackError, StopRequested.
        """
        self._ensure(scale)
        self.sql("VACUUM (ANALYZE)", database=scale.database)

    def read_in(self, database: str) -> None:
        """Read catalogue and indexes into memory, where a shop that runs has them."""
        self.sql("CREATE EXTENSION IF NOT EXISTS pg_prewarm", database=database)
        self.sql(READ_IN, READ_CATALOGUE_IN, database=database)

    def _ensure(self, scale: Scale) -> None:
        """Load what is not there; bring up to date what an older shop has loaded."""
        if not self._exists(scale.database):
            self._load(scale)
        self.manage("migrate", "--no-input", database=scale.database)

    def _load(self, scale: Scale) -> None:
        """Load under another name, so that half of it is never taken for all."""
        fresh = f"{scale.database}_new"
        self.sql(f"DROP DATABASE IF EXISTS {fresh}")
        self.sql(f"CREATE DATABASE {fresh}")
        self.manage("migrate", "--no-input", database=fresh)
        sizes = {
            "products": scale.products,
            "orders": scale.orders,
            "shoppers": scale.shoppers,
        }
        sets = [f"--set={name}={value}" for name, value in sizes.items()]
        self._psql(fresh, f"--file={LOAD}", *sets)
        self.sql(f"ALTER DATABASE {fresh} RENAME TO {scale.database}")

    def _exists(self, name: str) -> bool:
        found = self.ask(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")  # noqa: S608 - a name of ours
        return found == "1"

    def ask(self, sql: str, database: str = "postgres") -> str:
        """Return what a statement prints, columns between bars."""
        output = self._servers.logs / "answer.txt"
        output.unlink(missing_ok=True)
        self._psql(database, "--tuples-only", "--no-align", f"-c{sql}", output=output)
        return output.read_text().strip()

    def sql(self, *statements: str, database: str = "postgres") -> None:
        """Execute statements, each by itself."""
        self._psql(database, *(f"-c{statement}" for statement in statements))

    def _psql(self, database: str, *arguments: str, output: Path | None = None) -> None:
        postgres = self._servers.postgres
        target = [f"--host={HOST}", f"--port={postgres.port}", f"--username={ROLE}"]
        options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
        program = Part(
            name="psql",
            command=[
                *(str(program_path("psql")), *target, f"--dbname={database}"),
                *(*options, *arguments),
            ],
            env=environment_merge(os.environ, {"PGPASSWORD": postgres.password}),
            log=self._servers.logs / "psql.log",
            output=output,
        )
        self._servers.parts.run(program, LOAD_SECONDS)

    def people_prepare(
        self, count: int, tokens: Path, staff: tuple[str, str], database: str
    ) -> None:
        """Log shoppers in, into a file a token a line, and make the staff account."""
        name, password = staff
        self._python(
            *("-m", "bench.prepare", str(count), str(tokens), name),
            database=database,
            STAFF_PASSWORD=password,
        )

    def manage(self, *command: str, database: str = DATABASE) -> None:
        """Run a management command of the shop.

        Raises: DevstackError when it fails, StopRequested.
        """
        self._python(str(PROJECT / "manage.py"), *command, database=database)

    def _python(self, *arguments: str, database: str = DATABASE, **more: str) -> None:
        """Run a Python program with the shop's settings and some more."""
        logs = self._servers.logs
        settings = self._servers.environment(database) | more
        program = Part(
            name=" ".join(arguments[1:2]),
            command=[sys.executable, *arguments],
            env=environment_merge(os.environ, settings),
            log=logs / "manage.log",
        )
        self._servers.parts.run(program, LOAD_SECONDS)
