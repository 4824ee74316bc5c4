"""The shop beside one ten times its size, before and after a million writes."""

import dataclasses
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from bench.cases import Case, Goal
from bench.loads import Load, PgBench
from bench.machine import machine_facts
from bench.rounds import case_facts
from bench.scales import SCALES, Scale
from bench.stage import Stage
from bench.visits import Visits
from shop.devstack.postgres import DATABASE
from shop.devstack.terminal import say

SMALL, LARGE = "small", "large"
# What a large shop may take, as multiples of a small one's time.
TIMES = 1.3
# A page far behind, as multiples of the first ones.
DEEP_TIMES = 3
DEEP_PAGE = 1000
# Each order of pgbench writes eight rows; the rest are products written anew.
ROWS_OF_ORDER = 8
WRITES = 1_000_000
PRODUCTS_WRITTEN = "UPDATE catalog_product SET sales = sales WHERE id % 4 = 0"
WRITING_SECONDS = 10

CASES: dict[str, tuple[str, Callable[[Visits], Load]]] = {
    "E1": ("list, newest, page 1 with total", Visits.newest),
    "E2": ("list of a category, pages 1 to 5 of 50", Visits.categories),
    "E3": ("one product, random", Visits.products),
    "E4": (
        "keyword of two Chinese characters, a fresh one each time",
        Visits.fresh_words,
    ),
    "E5": ("order of two random products", lambda visits: visits.orders(2)),
}


def growth_measure(
    folder: Path, scale: Scale, wanted: Collection[str]
) -> dict[str, Any]:
    """Return the facts of a run; nothing is vacuumed in it.

    Raises: DevstackError.
    """
    with Stage(folder, autovacuum="off") as stage:
        begun = time.monotonic()
        shops = {
            SMALL: _shop(stage, SMALL, SCALES["full"], DATABASE),
            LARGE: _shop(stage, LARGE, scale, scale.database),
        }
        cases = _cases(shops, wanted, "")
        if not wanted or "deep" in wanted:
            cases.append(_deep(shops[LARGE]))
        watch = stage.watch()
        facts = {case.name: case_facts(case, scale, watch) for case in cases}
        _write(stage, scale)
        written = _cases(shops, wanted, ", a million writes later")
        facts |= {case.name: case_facts(case, scale, watch) for case in written}
        return {
            "machine": machine_facts(),
            "scale": dataclasses.asdict(scale),
            "cases": facts,
            "seconds": round(time.monotonic() - begun),
        }


def _shop(stage: Stage, name: str, scale: Scale, database: str) -> Visits:
    """Start a shop on a database of that size."""
    is_small = database == DATABASE
    tokens = stage.load(scale) if is_small else stage.load_large(scale)
    # A copy that was just made is in memory; the large one would be read meanwhile.
    stage.data.read_in(database)
    program = stage.shop(f"shop {name}", database)
    return stage.visits(program.url, scale, tokens)


def _cases(shops: dict[str, Visits], wanted: Collection[str], when: str) -> list[Case]:
    goal = Goal(LARGE, SMALL, 1 / TIMES)
    return [
        Case(
            f"{name}{when}",
            title,
            {size: ask(visits) for size, visits in shops.items()},
            (goal,),
        )
        for name, (title, ask) in CASES.items()
        if not wanted or name in wanted
    ]


def _deep(shop: Visits) -> Case:
    first, deep = "pages from 1", f"pages from {DEEP_PAGE}"
    return Case(
        "Pages",
        "of the list in the large shop",
        {first: shop.pages(1), deep: shop.pages(DEEP_PAGE)},
        (Goal(deep, first, 1 / DEEP_TIMES),),
    )


def _write(stage: Stage, scale: Scale) -> None:
    """Write a million rows of the large shop; nobody vacuums them."""
    stage.data.sql(PRODUCTS_WRITTEN, database=scale.database)
    values = {
        "products": scale.products,
        "others": scale.products - 2,
        "shoppers": scale.shoppers,
    }
    orders = PgBench(
        stage.servers.postgres, "order.sql", values, clients=16, database=scale.database
    )
    written = scale.products // 4
    while written < WRITES:
        written += orders.run(WRITING_SECONDS).requests * ROWS_OF_ORDER
    say(f"{written:,} rows written")
