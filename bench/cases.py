"""The cases: what is asked, of whom, and how much of it is the goal."""

import itertools
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from bench.figures import Figure
from bench.loads import Load, PgBench, Wrk
from bench.scales import Scale
from bench.web import WebProgram
from shop.devstack.postgres import PostgresServer
from shop.devstack.programs import PROJECT

LUA = PROJECT / "bench" / "lua"
CATEGORIES = 50
PATHS_MAX = 100_000
LIST = "/api/products"
# Those of sql/load.sql, from U+4E00 on.
_LETTERS = [chr(0x4E00 + number) for number in range(500)]


@dataclass(frozen=True)
class Goal:
    """What the shop must reach: so many times what another one does."""

    who: str
    of: str
    times: float


@dataclass(frozen=True)
class Case:
    """One thing to do, and everybody who does it."""

    name: str
    title: str
    loads: Mapping[str, Load]
    goals: tuple[Goal, ...] = ()


@dataclass(frozen=True)
class Field:
    """What the cases are run on."""

    scale: Scale
    folder: Path
    tokens: Path
    postgres: PostgresServer
    shop: WebProgram
    plain: WebProgram
    limits: WebProgram


def cases_make(field: Field) -> list[Case]:
    """Return the cases in the order of their names."""
    return [
        _newest(field),
        _category(field),
        _product(field),
        _keyword(field),
        _order(field),
        _hot_order(field),
        _profile(field),
    ]


def _newest(at: Field) -> Case:
    return Case(
        "E1",
        "list, newest, page 1 with total",
        {
            "shop": Wrk(f"{at.shop.url}{LIST}"),
            "plain": Wrk(f"{at.plain.url}{LIST}"),
            "SQL with count": _sql(at, "list_page_count.sql"),
            "SQL": _sql(at, "list_page.sql"),
        },
        (Goal("shop", "plain", 10),),
    )


def _category(at: Field) -> Case:
    script = LUA / "paths.lua"
    paths = [
        f"{LIST}?category={category}&page={page}"
        for category in range(1, CATEGORIES + 1)
        for page in range(1, 6)
    ]
    arguments = [str(_file(at, "categories.txt", paths))]
    return Case(
        "E2",
        "list of a category, pages 1 to 5 of 50",
        {
            "shop": Wrk(at.shop.url, script, arguments),
            "plain": Wrk(at.plain.url, script, arguments),
            "SQL": _sql(at, "category_page.sql"),
        },
        (Goal("shop", "plain", 5),),
    )


def _product(at: Field) -> Case:
    script = LUA / "paths.lua"
    ids = random.Random(3).sample(  # noqa: S311 - no secret
        range(1, at.scale.products + 1), min(at.scale.products, PATHS_MAX)
    )
    arguments = [str(_file(at, "products.txt", [f"{LIST}/{id_}" for id_ in ids]))]
    return Case(
        "E3",
        "one product, random",
        {
            "shop": Wrk(at.shop.url, script, arguments),
            "plain": Wrk(at.plain.url, script, arguments),
            "bare Django view": Wrk(f"{at.limits.url}/django"),
            "DRF APIView": Wrk(f"{at.limits.url}/drf"),
            "gunicorn alone": Wrk(f"{at.limits.url}/wsgi"),
            "SQL": _sql(at, "product.sql", products=at.scale.products),
        },
        (Goal("shop", "plain", 5), Goal("shop", "bare Django view", 0.4)),
    )


def _keyword(at: Field) -> Case:
    words = fresh_words()
    path = at.folder / "words.txt"
    return Case(
        "E4",
        "keyword of two Chinese characters, a fresh one each time",
        {
            "shop": FreshWords(at.shop.url, words, path),
            "plain": FreshWords(at.plain.url, words, path),
            "SQL": _sql(at, "keyword.sql"),
        },
        (Goal("shop", "plain", 30),),
    )


def _order(at: Field) -> Case:
    sql = {"products": at.scale.products, "others": at.scale.products - 2}
    return Case(
        "E5",
        "order of two random products",
        {
            "shop": Orders(at, at.shop.url, lines=2),
            "plain": Orders(at, at.plain.url, lines=2),
            "SQL": _sql(at, "order.sql", **sql, shoppers=at.scale.shoppers),
        },
        (Goal("shop", "plain", 5), Goal("shop", "SQL", 0.4)),
    )


def _hot_order(at: Field) -> Case:
    sql = {"products": 1, "others": 0, "shoppers": at.scale.shoppers}
    return Case(
        "E6",
        "orders of one hot product",
        {
            "shop": Orders(at, at.shop.url, lines=0),
            "plain": Orders(at, at.plain.url, lines=0),
            "SQL, 16 clients": PgBench(at.postgres, "order.sql", sql, clients=16),
        },
        (Goal("shop", "plain", 5), Goal("shop", "SQL, 16 clients", 1)),
    )


def _profile(at: Field) -> Case:
    script, arguments = LUA / "profile.lua", [str(at.tokens)]
    path = "/api/auth/user"
    return Case(
        "E7",
        "own profile with JWT",
        {
            "shop": Wrk(f"{at.shop.url}{path}", script, arguments),
            "plain": Wrk(f"{at.plain.url}{path}", script, arguments),
            "DRF APIView": Wrk(f"{at.limits.url}/drf"),
            "SQL": _sql(at, "profile.sql", shoppers=at.scale.shoppers),
        },
        (Goal("shop", "plain", 2.7),),
    )


def _sql(at: Field, script: str, **values: int) -> PgBench:
    return PgBench(at.postgres, script, values)


def _file(at: Field, name: str, lines: list[str]) -> Path:
    """Write lines in a random order, the same each time."""
    random.Random(1).shuffle(lines)  # noqa: S311 - no secret
    path = at.folder / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def fresh_words() -> Iterator[str]:
    """Yield every pair of the letters once, in a random order."""
    pairs = [first + second for first in _LETTERS for second in _LETTERS]
    random.Random(4).shuffle(pairs)  # noqa: S311 - no secret
    return iter(pairs)


@dataclass
class FreshWords:
    """Keywords that nobody has asked for before."""

    url: str
    words: Iterator[str]
    path: Path
    # More than any program answers.
    per_second: int = 2_000

    def run(self, seconds: int) -> Figure:
        words = itertools.islice(self.words, seconds * self.per_second)
        lines = (f"{LIST}?keyword={quote(word)}\n" for word in words)
        self.path.write_text("".join(lines))
        return Wrk(self.url, LUA / "paths.lua", [str(self.path)]).run(seconds)


@dataclass
class Orders:
    """Orders; `placed` counts those that were answered, of all rounds."""

    at: Field
    url: str
    lines: int
    placed: int = field(default=0, init=False)

    def run(self, seconds: int) -> Figure:
        word = f"{time.time_ns()}-"
        arguments = [
            *(str(self.at.tokens), str(self.at.scale.products)),
            *(word, str(self.lines)),
        ]
        load = Wrk(f"{self.url}/api/orders", LUA / "orders.lua", arguments)
        figure = load.run(seconds)
        self.placed += figure.requests - figure.errors
        return figure
