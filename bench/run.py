"""A whole run: start everything, load, compare, measure, check the books."""

import dataclasses
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bench.answers import answers_compare
from bench.asking import Asker
from bench.books import Books
from bench.cases import LIST, LUA, STATIC_URL, Case, Field, cases_make
from bench.data import Data
from bench.figures import Figure, median
from bench.freshness import freshness_measure
from bench.loads import Wrk
from bench.machine import machine_facts
from bench.rounds import case_measure
from bench.scales import Scale
from bench.servers import Servers
from bench.site import Site
from bench.usage import Watch
from bench.web import WebProgram
from bench.writing import Tally
from shop.devstack import processes
from shop.devstack.credentials import staff_ensure
from shop.devstack.data_directory import DataDirectory
from shop.devstack.parts import Parts
from shop.devstack.terminal import say

SESSIONS = 2_000
PROGRAMS = {
    "shop": ("shop.wsgi", "/healthz"),
    "plain": ("bench.plain.wsgi", LIST),
    "limits": ("bench.limits.wsgi", "/wsgi"),
}


class Run:
    """Everything that runs for a benchmark, in a folder of its own."""

    def __init__(self, folder: Path, scale: Scale) -> None:
        self.scale = scale
        self.directory = DataDirectory(folder)
        self.parts = Parts(started=self.directory.part_note)

    def measure(self, wanted: Collection[str]) -> dict[str, Any]:
        """Start everything, measure the cases of those names, stop everything.

        Raises: DevstackError, KeyboardInterrupt.
        """
        processes.descendants_adopt()
        self.directory.open()
        try:
            self.directory.leftovers_stop()
            return self._measured(wanted)
        finally:
            self.parts.stop()
            self.directory.close()

    def _measured(self, wanted: Collection[str]) -> dict[str, Any]:
        begun = time.monotonic()
        servers = Servers(self.directory.path, self.directory.logs, self.parts)
        servers.start()
        data = Data(servers)
        say(f"data: {self.scale.products:,} products, {self.scale.orders:,} orders")
        data.prepare(self.scale)
        field = self._start(servers, data)
        watch = Watch({part.name: part.process.pid for part in self.parts.running})
        books = Books(data)
        facts: dict[str, Any] = {
            "machine": machine_facts(),
            "scale": dataclasses.asdict(self.scale),
            "answers": self._answers(field),
            "cases": {
                case.name: self._case(case, watch)
                for case in cases_make(field)
                if not wanted or case.name in wanted
            },
        }
        if not wanted or "freshness" in wanted:
            facts["freshness"] = self._freshness(field)
        facts["start_seconds"] = round(field.shop.start_seconds, 2)
        facts["megabytes"] = {
            name: [round(size, 1) for size in watch.worker_megabytes(name)]
            for name in ("shop", "plain")
        }
        facts["books"] = books.check(field.tally)
        say(f"books: {facts['books']}")
        facts["seconds"] = round(time.monotonic() - begun)
        return facts

    def _start(self, servers: Servers, data: Data) -> Field:
        """Log the shoppers in and start the web programs."""
        folder, logs = self.directory.path, self.directory.logs
        tokens = folder / "tokens.txt"
        self._staff = staff_ensure(folder / "staff.txt")
        data.people_prepare(min(self.scale.shoppers, SESSIONS), tokens, self._staff)
        programs = {
            name: WebProgram(
                name, application, path, servers.environment(), logs / f"{name}.log"
            )
            for name, (application, path) in PROGRAMS.items()
        }
        for program in programs.values():
            program.start(self.parts)
        site = Site(folder / "site", programs["shop"])
        site.start(self.parts)
        self._token = tokens.read_text().partition("\n")[0]
        return Field(
            scale=self.scale,
            folder=folder,
            tokens=tokens,
            postgres=servers.postgres,
            site=site,
            writer=Asker(programs["shop"].url, self._token),
            tally=Tally(),
            **programs,
        )

    def _answers(self, field: Field) -> int:
        """Compare the answers, and keep one as a file for nginx."""
        urls = (field.shop.url, field.plain.url, field.site.url)
        shop, *others = (Asker(url, self._token) for url in urls)
        compared = answers_compare(shop=shop, others=others, tally=field.tally)
        say(f"answers: {compared} are the same")
        target = field.site.static / Path(STATIC_URL).name
        target.write_bytes(shop.body(LIST))
        return compared

    def _case(self, case: Case, watch: Watch) -> dict[str, Any]:
        say(f"{case.name} {case.title}")
        rounds = case_measure(case, self.scale, watch)
        for name, figures in rounds.items():
            say(_line(name, median(figures)))
        return {
            "title": case.title,
            "goals": [dataclasses.asdict(goal) for goal in case.goals],
            "rounds": {
                name: [dataclasses.asdict(one) for one in figures]
                for name, figures in rounds.items()
            },
        }

    def _freshness(self, field: Field) -> dict[str, Any]:
        hot = [str(field.folder / "hot.txt")]
        load = Wrk(field.site.url, LUA / "paths.lua", hot)
        found = freshness_measure(site=field.site.url, staff=self._staff, load=load)
        say(f"an edit is seen after at most {found.longest:.2f} s")
        return dataclasses.asdict(found)


def _line(name: str, figure: Figure) -> str:
    times = ""
    if figure.p50 is not None and figure.p99 is not None:
        times = f"p50 {figure.p50:8.2f} ms  p99 {figure.p99:8.2f} ms"
    errors = f"  {figure.errors} ERRORS" if figure.errors else ""
    cpu = " ".join(f"{name} {value:.3f}" for name, value in figure.cpu.items())
    return f"  {name:<20}{figure.per_second:10,.0f}/s  {times}  CPU ms: {cpu}{errors}"
