"""What every run needs: the servers, the data, web programs, and their end."""

from pathlib import Path
from types import TracebackType
from typing import Self

from bench.data import Data
from bench.scales import Scale
from bench.servers import Servers
from bench.usage import Watch
from bench.visits import LIST, Visits
from bench.web import PLAIN_CONFIG, SHOP_CONFIG, WebProgram
from shop.devstack import processes
from shop.devstack.credentials import staff_ensure
from shop.devstack.data_directory import DataDirectory
from shop.devstack.parts import Parts
from shop.devstack.postgres import DATABASE
from shop.devstack.terminal import say

SESSIONS = 2_000


class Stage:
    """Servers in a folder that is kept; a context manager, which stops everything."""

    def __init__(self, folder: Path, **postgres: str) -> None:
        self.directory = DataDirectory(folder)
        self.parts = Parts(started=self.directory.part_note)
        self._postgres = postgres

    def __enter__(self) -> Self:
        """Start the servers.

        Raises: DevstackError.
        """
        processes.descendants_adopt()
        self.directory.open()
        try:
            self.directory.leftovers_stop()
            # Of an earlier run: its logs, and what its scripts have read.
            for old in (*self.directory.logs.iterdir(), *self.folder.glob("*-*.txt")):
                old.unlink()
            self.staff = staff_ensure(self.folder / "staff.txt")
            self.servers = Servers(
                self.folder, self.directory.logs, self.parts, self._postgres
            )
            self.servers.start()
            self.data = Data(self.servers)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self.parts.stop()
        self.directory.close()

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return self.directory.path

    def load(self, scale: Scale, database: str = DATABASE) -> Path:
        """Make a database of that size; return the file with shoppers' tokens."""
        self.say_size(scale)
        self.data.prepare(scale, database)
        return self._people(scale, database)

    def load_large(self, scale: Scale) -> Path:
        """Use the database that is kept of that size; return the tokens' file."""
        self.say_size(scale)
        self.data.vacuum(scale)
        return self._people(scale, scale.database)

    def _people(self, scale: Scale, database: str) -> Path:
        tokens = self.folder / f"{database}.tokens"
        count = min(scale.shoppers, SESSIONS)
        self.data.people_prepare(count, tokens, self.staff, database)
        return tokens

    @staticmethod
    def say_size(scale: Scale) -> None:
        """Tell the user what takes so long the first time."""
        say(f"data: {scale.products:,} products, {scale.orders:,} orders")

    def shop(self, name: str = "shop", database: str = DATABASE) -> WebProgram:
        """Start a shop on a database."""
        return self._program(name, "shop.wsgi", "/healthz", SHOP_CONFIG, database)

    def plain(self) -> WebProgram:
        """Start the yardstick."""
        return self._program("plain", "bench.plain.wsgi", LIST)

    def limits(self) -> WebProgram:
        """Start what does nothing."""
        return self._program("limits", "bench.limits.wsgi", "/wsgi")

    def _program(
        self,
        name: str,
        application: str,
        path: str,
        config: Path = PLAIN_CONFIG,
        database: str = DATABASE,
    ) -> WebProgram:
        """Start a web program, and wait until it answers that path."""
        log = self.directory.logs / f"{name}.log"
        env = self.servers.environment(database)
        program = WebProgram(name, application, path, env, log, config)
        program.start(self.parts)
        return program

    def visits(self, url: str, scale: Scale, tokens: Path) -> Visits:
        """Return what shoppers ask of an address."""
        return Visits(url, scale, tokens, self.folder)

    def watch(self) -> Watch:
        """Look at what runs now."""
        return Watch({part.name: part.process.pid for part in self.parts.running})
