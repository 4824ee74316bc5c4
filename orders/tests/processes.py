"""Several processes that place orders, for races that need them."""

from itertools import cycle
from types import SimpleNamespace
from typing import Any

from conftest import PATIENCE_SECONDS
from orders.services import placing
from orders.services.combining import Combiner


def several_processes(monkeypatch: Any) -> None:
    """Place orders as eight processes do: their calls meet in the database.

    Those of one process never do.
    """
    combiners = cycle(
        [
            Combiner(
                placing._place_together,
                questions_max=4,
                patience_seconds=PATIENCE_SECONDS,
                call_seconds_max=PATIENCE_SECONDS,
            )
            for _ in range(8)
        ]
    )
    process = SimpleNamespace(answer=lambda draft: next(combiners).answer(draft))
    monkeypatch.setattr(placing, "_combiner", process)
    # Longer than PostgreSQL takes to see a deadlock.
    monkeypatch.setattr(placing, "_LOCK_PATIENCE", f"{PATIENCE_SECONDS}s")
