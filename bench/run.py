"""A whole run: start everything, load, measure, check the books."""

from collections.abc import Collection
from pathlib import Path

from bench.cases import Case, Field, cases_make
from bench.data import Data
from bench.figures import Figure, median
from bench.rounds import case_measure
from bench.scales import Scale
from bench.servers import Servers
from bench.usage import Watch
from bench.web import WebProgram
from shop.devstack import processes
from shop.devstack.data_directory import DataDirectory
from shop.devstack.parts import Parts
from shop.devstack.terminal import say


class Run:
    """Everything that runs for a benchmark, in a folder of its own."""

    def __init__(self, folder: Path, scale: Scale) -> None:
        self.scale = scale
        self.directory = DataDirectory(folder)
        self.parts = Parts(started=self.directory.part_note)

    def measure(self, wanted: Collection[str]) -> dict[str, dict[str, list[Figure]]]:
        """Start everything, measure the cases of those names, stop everything.

        Raises: DevstackError, KeyboardInterrupt.
        """
        processes.descendants_adopt()
        self.directory.open()
        try:
            self.directory.leftovers_stop()
            field = self._start()
            return {
                case.name: self._case(case)
                for case in cases_make(field)
                if not wanted or case.name in wanted
            }
        finally:
            self.parts.stop()
            self.directory.close()

    def _start(self) -> Field:
        """Start the servers, load, start the web programs."""
        folder, logs = self.directory.path, self.directory.logs
        servers = Servers(folder, logs, self.parts)
        servers.start()
        data = Data(servers)
        say(f"data: {self.scale.products:,} products, {self.scale.orders:,} orders")
        data.prepare(self.scale)
        tokens = folder / "tokens.txt"
        count = min(self.scale.shoppers, 2_000)
        data.python("-m", "bench.prepare", str(count), str(tokens))
        shop, plain, limits = (
            WebProgram(name, application, servers.environment(), logs / f"{name}.log")
            for name, application in {
                "shop": "shop.wsgi",
                "plain": "bench.plain.wsgi",
                "limits": "bench.limits.wsgi",
            }.items()
        )
        for program in (shop, plain, limits):
            program.start(self.parts)
        self.watch = Watch({part.name: part.process.pid for part in self.parts.running})
        return Field(
            scale=self.scale,
            folder=folder,
            tokens=tokens,
            postgres=servers.postgres,
            shop=shop,
            plain=plain,
            limits=limits,
        )

    def _case(self, case: Case) -> dict[str, list[Figure]]:
        say(f"{case.name} {case.title}")
        rounds = case_measure(case, self.scale, self.watch)
        for name, figures in rounds.items():
            say(_line(name, median(figures)))
        return rounds


def _line(name: str, figure: Figure) -> str:
    times = ""
    if figure.p50 is not None and figure.p99 is not None:
        times = f"p50 {figure.p50:8.2f} ms  p99 {figure.p99:8.2f} ms"
    errors = f"  {figure.errors} ERRORS" if figure.errors else ""
    cpu = " ".join(f"{name} {value:.3f}" for name, value in figure.cpu.items())
    return f"  {name:<20}{figure.per_second:10,.0f}/s  {times}  CPU ms: {cpu}{errors}"
