"""The memory of the workers over a million requests of every kind."""

import dataclasses
import itertools
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bench.loads import Load
from bench.machine import machine_facts
from bench.scales import Scale
from bench.stage import Stage
from shop.devstack.terminal import say

REQUESTS = 1_000_000


def memory_measure(
    folder: Path, scale: Scale, wanted: Collection[str]
) -> dict[str, Any]:
    """Return the memory of each worker after so many requests, of all kinds.

    Raises: DevstackError.
    """
    with Stage(folder) as stage:
        tokens = stage.load(scale)
        visits = stage.visits(stage.shop().url, scale, tokens)
        watch = stage.watch()
        loads: list[Load] = [visits.newest(), visits.categories(), visits.products()]
        loads += [visits.profiles(), visits.orders(2)]
        requests, seen = 0, []
        for load in itertools.cycle(loads):
            requests += load.run(scale.seconds).requests
            megabytes = watch.worker_megabytes("shop")
            seen.append({"requests": requests, "megabytes": megabytes})
            say(f"{requests:>9,} requests: {megabytes} MB")
            if requests >= REQUESTS:
                break
        return {
            "machine": machine_facts(),
            "scale": dataclasses.asdict(scale),
            "seen": seen,
        }
