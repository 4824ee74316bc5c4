"""The whole benchmark: compare, measure every case, check the books."""

import dataclasses
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bench.answers import answers_compare
from bench.asking import Asker
from bench.books import Books
from bench.cases import STATIC_URL, Field, cases_make
from bench.freshness import freshness_measure
from bench.machine import machine_facts
from bench.rounds import case_facts
from bench.scales import Scale
from bench.site import Site
from bench.stage import Stage
from bench.visits import LIST
from bench.web import WebProgram
from bench.writing import Tally
from shop.devstack.terminal import say


def full_measure(folder: Path, scale: Scale, wanted: Collection[str]) -> dict[str, Any]:
    """Return the facts of a run; of the cases of those names, or of all.

    Raises: DevstackError.
    """
    with Stage(folder) as stage:
        return _Run(stage, scale).facts(wanted)


class _Run:
    def __init__(self, stage: Stage, scale: Scale) -> None:
        self.begun = time.monotonic()
        self.stage, self.scale = stage, scale
        tokens = stage.load(scale)
        self.books = Books(stage.data)
        self.token = tokens.read_text().partition("\n")[0]
        self.shop: WebProgram = stage.shop()
        plain, limits = stage.plain(), stage.limits()
        self.site = Site(stage.folder / "site", self.shop)
        self.site.start(stage.parts)
        self.field = Field(
            scale=scale,
            postgres=stage.servers.postgres,
            shop=stage.visits(self.shop.url, scale, tokens),
            site=stage.visits(self.site.url, scale, tokens),
            plain=stage.visits(plain.url, scale, tokens),
            limits=limits,
            writer=Asker(self.shop.url, self.token),
            tally=Tally(),
        )

    def facts(self, wanted: Collection[str]) -> dict[str, Any]:
        watch = self.stage.watch()
        facts: dict[str, Any] = {
            "machine": machine_facts(),
            "scale": dataclasses.asdict(self.scale),
            "answers": self._answers(),
            "cases": {
                case.name: case_facts(case, self.scale, watch)
                for case in cases_make(self.field)
                if not wanted or case.name in wanted
            },
        }
        if not wanted or "freshness" in wanted:
            facts["freshness"] = self._freshness()
        facts["start_seconds"] = round(self.shop.start_seconds, 2)
        facts["megabytes"] = {
            name: watch.worker_megabytes(name) for name in ("shop", "plain")
        }
        facts["books"] = self.books.check(self.field.tally)
        say(f"books: {facts['books']}")
        facts["seconds"] = round(time.monotonic() - self.begun)
        return facts

    def _answers(self) -> int:
        """Compare the answers, and keep one as a file for nginx."""
        urls = (self.field.plain.url, self.site.url)
        shop = Asker(self.shop.url, self.token)
        others = [Asker(url, self.token) for url in urls]
        compared = answers_compare(shop=shop, others=others, tally=self.field.tally)
        say(f"answers: {compared} are the same")
        target = self.site.static / Path(STATIC_URL).name
        target.write_bytes(shop.body(LIST))
        return compared

    def _freshness(self) -> dict[str, Any]:
        load = self.field.site.hot_products()
        found = freshness_measure(site=self.site.url, staff=self.stage.staff, load=load)
        say(f"an edit is seen after at most {found.longest:.2f} s")
        return dataclasses.asdict(found)
