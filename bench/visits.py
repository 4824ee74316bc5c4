"""What shoppers ask of one address, as loads of wrk."""

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.figures import Figure
from bench.loads import Wrk
from bench.scales import Scale
from shop.devstack.programs import PROJECT

LUA = PROJECT / "bench" / "lua"
LIST = "/api/products"
CATEGORIES = 50
PRODUCTS_MAX = 100_000
HOT_PRODUCTS = 200
# Those of sql/load.sql, from U+4E00 on.
_LETTERS = [chr(0x4E00 + number) for number in range(500)]


@dataclass(frozen=True)
class Visits:
    """Shoppers whose tokens are in a file, before a shop of that size."""

    url: str
    scale: Scale
    tokens: Path
    # Takes what the scripts read.
    folder: Path

    def newest(self) -> Wrk:
        """The first page of the list."""
        return Wrk(f"{self.url}{LIST}")

    def pages(self, first: int) -> Wrk:
        """Twenty pages of the list, from that one on, in every size.

        So many that few are asked for twice: what is kept would answer those.
        """
        paths = [
            f"{LIST}?page={page}&size={size}"
            for page in range(first, first + 20)
            for size in range(1, 101)
        ]
        return self._paths(f"pages{first}", paths)

    def categories(self, pages: Sequence[int] = range(1, 6)) -> Wrk:
        """Those pages of each category."""
        paths = [
            f"{LIST}?category={category}&page={page}"
            for category in range(1, CATEGORIES + 1)
            for page in pages
        ]
        return self._paths(f"categories{len(pages)}", paths)

    def products(self) -> Wrk:
        """One product after the other, of all."""
        return self._paths("products", self._product_paths())

    def hot_products(self) -> Wrk:
        """The same few products again and again."""
        return self._paths("hot", self._product_paths()[:HOT_PRODUCTS])

    def _product_paths(self) -> list[str]:
        count = min(self.scale.products, PRODUCTS_MAX)
        ids = random.Random(3).sample(range(1, self.scale.products + 1), count)  # nosec B311 # noqa: S311 - no secret
        return [f"{LIST}/{product_id}" for product_id in ids]

    def _paths(self, name: str, paths: Sequence[str]) -> Wrk:
        """Ask for the paths in a random order, the same each time."""
        mixed = random.Random(1).sample(paths, len(paths))  # nosec B311 # noqa: S311 - no secret
        file = self._file(name)
        file.write_text("".join(f"{path}\n" for path in mixed))
        return Wrk(self.url, LUA / "paths.lua", [str(file)])

    def _file(self, name: str) -> Path:
        port = self.url.rpartition(":")[2]
        return self.folder / f"{name}-{port}.txt"

    def fresh_words(self) -> "FreshWords":
        """Keywords that nobody has asked this address for."""
        pairs = [first + second for first in _LETTERS for second in _LETTERS]
        random.Random(4).shuffle(pairs)  # nosec B311 # noqa: S311 - no secret
        return FreshWords(self.url, iter(pairs), self._file("words"))

    def orders(self, lines: int) -> "Orders":
        """Orders of so many random products each, 0 for the hot one."""
        return Orders(self.url, self.tokens, self.scale.products, lines)

    def profiles(self) -> Wrk:
        """Each shopper's own profile."""
        url = f"{self.url}/api/auth/user"
        return Wrk(url, LUA / "profile.lua", [str(self.tokens)])


@dataclass
class FreshWords:
    """Keywords, each asked for once."""

    url: str
    words: Iterator[str]
    path: Path
    # More than any program answers.
    per_second: int = 2_000

    def run(self, seconds: int) -> Figure:
        """Run it; see `Load`."""
        words = itertools.islice(self.words, seconds * self.per_second)
        lines = (f"{LIST}?keyword={quote(word)}\n" for word in words)
        self.path.write_text("".join(lines))
        return Wrk(self.url, LUA / "paths.lua", [str(self.path)]).run(seconds)


@dataclass
class Orders:
    """Orders, each under a key of its own."""

    url: str
    tokens: Path
    products: int
    lines: int

    def run(self, seconds: int) -> Figure:
        """Run it; see `Load`."""
        word = f"{time.time_ns()}-"
        arguments = [str(self.tokens), str(self.products), word, str(self.lines)]
        load = Wrk(f"{self.url}/api/orders", LUA / "orders.lua", arguments)
        return load.run(seconds)
