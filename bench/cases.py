"""The cases: what is asked, of whom, and how much of it is the goal."""

import itertools
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.asking import Asker
from bench.figures import Figure
from bench.loads import CONNECTIONS, Load, PgBench, Wrk
from bench.scales import Scale
from bench.site import Site
from bench.web import WebProgram
from bench.writing import Counted, Tally, WhileWriting
from shop.devstack.postgres import PostgresServer
from shop.devstack.programs import PROJECT

LUA = PROJECT / "bench" / "lua"
CATEGORIES = 50
HOT_PRODUCTS = 200
PATHS_MAX = 100_000
LIST = "/api/products"
STATIC_URL = "/static/list.json"
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
    site: Site
    writer: Asker
    tally: Tally


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
            "nginx": _while_writing(at, Wrk(f"{at.site.url}{LIST}")),
            "SQL with count": _sql(at, "list_page_count.sql"),
            "SQL": _sql(at, "list_page.sql"),
            "nginx static file": Wrk(f"{at.site.url}{STATIC_URL}"),
        },
        (Goal("shop", "plain", 10), Goal("nginx", "plain", 150)),
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
            "nginx": _while_writing(at, Wrk(at.site.url, script, arguments)),
            "SQL": _sql(at, "category_page.sql"),
        },
        (Goal("shop", "plain", 5), Goal("nginx", "plain", 100)),
    )


def _product(at: Field) -> Case:
    script = LUA / "paths.lua"
    ids = random.Random(3).sample(  # noqa: S311 - no secret
        range(1, at.scale.products + 1), min(at.scale.products, PATHS_MAX)
    )
    paths = [f"{LIST}/{id_}" for id_ in ids]
    arguments = [str(_file(at, "products.txt", paths))]
    hot = [str(_file(at, "hot.txt", paths[:HOT_PRODUCTS]))]
    return Case(
        "E3",
        "one product, random",
        {
            "shop": Wrk(at.shop.url, script, arguments),
            "plain": Wrk(at.plain.url, script, arguments),
            "nginx, 200 hot": _while_writing(at, Wrk(at.site.url, script, hot)),
            "bare Django view": Wrk(f"{at.limits.url}/django"),
            "DRF APIView": Wrk(f"{at.limits.url}/drf"),
            "gunicorn alone": Wrk(f"{at.limits.url}/wsgi"),
            "SQL": _sql(at, "product.sql", products=at.scale.products),
        },
        (
            Goal("shop", "plain", 5),
            Goal("shop", "bare Django view", 0.4),
            Goal("nginx, 200 hot", "plain", 70),
        ),
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
    return Case(
        "E5",
        "order of two random products",
        {
            "shop": _orders(at, at.shop, lines=2),
            "plain": _orders(at, at.plain, lines=2),
            "SQL": _order_sql(at, at.scale.products, CONNECTIONS),
        },
        (Goal("shop", "plain", 5), Goal("shop", "SQL", 0.4)),
    )


def _hot_order(at: Field) -> Case:
    return Case(
        "E6",
        "orders of one hot product",
        {
            "shop": _orders(at, at.shop, lines=0),
            "plain": _orders(at, at.plain, lines=0),
            "SQL, 16 clients": _order_sql(at, 1, 16),
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


def _orders(at: Field, program: WebProgram, *, lines: int) -> Counted:
    load = Orders(program.url, at.tokens, at.scale.products, lines)
    return Counted(load, at.tally, CONNECTIONS)


def _order_sql(at: Field, products: int, clients: int) -> Counted:
    values = {"products": products, "others": max(0, products - 2)}
    values["shoppers"] = at.scale.shoppers
    # pgbench waits for the last ones.
    return Counted(PgBench(at.postgres, "order.sql", values, clients), at.tally, 0)


def _while_writing(at: Field, load: Load) -> WhileWriting:
    return WhileWriting(load, at.writer, at.tally)
