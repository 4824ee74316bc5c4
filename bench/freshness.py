"""How soon an edit by staff is seen behind nginx, while everybody asks."""

import statistics
import threading
import time
from dataclasses import dataclass

from bench.asking import Asker
from bench.loads import Load
from bench.visits import LIST
from shop.devstack.parts import DevstackError

EDITS = 8
LOAD_SECONDS = 30
PATIENCE_SECONDS = 10
POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Freshness:
    """Seconds from the answer to an edit until its name is shown."""

    edits: int
    product_median: float
    product_longest: float
    list_median: float
    list_longest: float

    @property
    def longest(self) -> float:
        """The longest of all."""
        return max(self.product_longest, self.list_longest)


def freshness_measure(*, site: str, staff: tuple[str, str], load: Load) -> Freshness:
    """Rename the newest product again and again, and look for its new name.

    Raises: DevstackError, when an edit is not seen.
    """
    hammering = threading.Thread(target=load.run, args=(LOAD_SECONDS,), daemon=True)
    name, password = staff
    login = {"username": name, "password": password}
    token = Asker(site).data("POST", "/api/auth/staff/login", login)["token"]
    editor, reader = Asker(site, token), Asker(site)
    newest = reader.data("GET", LIST)["list"][0]["id"]
    hammering.start()
    try:
        seen = [_edit(editor, reader, newest, number) for number in range(EDITS)]
    finally:
        hammering.join()
    products, lists = zip(*seen, strict=True)
    return Freshness(
        edits=EDITS,
        product_median=statistics.median(products),
        product_longest=max(products),
        list_median=statistics.median(lists),
        list_longest=max(lists),
    )


def _edit(
    editor: Asker, reader: Asker, newest: int, number: int
) -> tuple[float, float]:
    """Rename the product; return when it itself and the first list said so."""
    name = f"改名{number}次"
    editor.data("PATCH", f"{LIST}/{newest}", {"name": name})
    begun = time.monotonic()
    found: dict[str, float] = {}
    while len(found) < 2:
        for path in {LIST, f"{LIST}/{newest}"} - set(found):
            if name in str(reader.data("GET", path)):
                found[path] = time.monotonic() - begun
        if time.monotonic() - begun > PATIENCE_SECONDS:
            raise DevstackError(f"an edit is not seen after {PATIENCE_SECONDS} s")
        time.sleep(POLL_SECONDS)
    return found[f"{LIST}/{newest}"], found[LIST]
