"""The cases: what is asked, of whom, and how much of it is the goal."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.asking import Asker
from bench.loads import CONNECTIONS, Load, PgBench, Wrk
from bench.scales import Scale
from bench.visits import Visits
from bench.web import WebProgram
from bench.writing import Counted, Tally, WhileWriting
from shop.devstack.postgres import PostgresServer

# How the contenders are called; a comma tells more.
SHOP, NGINX, PLAIN = "shop", "shop behind nginx", "plain Django"
STATIC_URL = "/static/list.json"


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
    # The shop's slowest of a hundred, as multiples of its median.
    p99_times: float | None = None


@dataclass(frozen=True)
class Field:
    """What the cases are run on."""

    scale: Scale
    postgres: PostgresServer
    shop: Visits
    site: Visits
    plain: Visits
    limits: WebProgram
    writer: Asker
    tally: Tally

    def sql(self, script: str, **values: int) -> PgBench:
        """Return the SQL of a case without a web program."""
        return PgBench(self.postgres, script, values)

    def order_sql(self, products: int, clients: int) -> Counted:
        """Return orders of two of so many products, or of one."""
        values = {"products": products, "others": max(0, products - 2)}
        load = PgBench(
            *(self.postgres, "order.sql"),
            {**values, "shoppers": self.scale.shoppers},
            clients,
        )
        # pgbench waits for the last ones.
        return Counted(load, self.tally, 0)

    def orders(self, visits: Visits, lines: int) -> Counted:
        """Return orders of so many products each, 0 for the hot one."""
        return Counted(visits.orders(lines), self.tally, CONNECTIONS)

    def while_writing(self, load: Load) -> WhileWriting:
        """Return the load with orders beside it."""
        return WhileWriting(load, self.writer, self.tally)


def cases_make(field: Field) -> list[Case]:
    """Return the cases in the order of their names."""
    makers = (_newest, _category, _product, _keyword, _order, _hot_order, _profile)
    return [make(field) for make in makers]


def _newest(at: Field) -> Case:
    return Case(
        "E1",
        "list, newest, page 1 with total",
        {
            SHOP: at.shop.newest(),
            PLAIN: at.plain.newest(),
            NGINX: at.while_writing(at.site.newest()),
            "SQL with count": at.sql("list_page_count.sql"),
            "SQL": at.sql("list_page.sql"),
            "nginx static file": Wrk(f"{at.site.url}{STATIC_URL}"),
        },
        (Goal(SHOP, PLAIN, 10), Goal(NGINX, PLAIN, 150)),
    )


def _category(at: Field) -> Case:
    return Case(
        "E2",
        "list of a category, pages 1 to 5 of 50",
        {
            SHOP: at.shop.categories(),
            PLAIN: at.plain.categories(),
            f"{SHOP}, page 3": at.shop.categories([3]),
            f"{PLAIN}, page 3": at.plain.categories([3]),
            NGINX: at.while_writing(at.site.categories()),
            "SQL": at.sql("category_page.sql"),
        },
        (
            *(Goal(SHOP, PLAIN, 5), Goal(NGINX, PLAIN, 100)),
            Goal(f"{SHOP}, page 3", f"{PLAIN}, page 3", 5),
        ),
    )


def _product(at: Field) -> Case:
    hot = f"{NGINX}, 200 hot ones"
    return Case(
        "E3",
        "one product, random",
        {
            SHOP: at.shop.products(),
            PLAIN: at.plain.products(),
            hot: at.while_writing(at.site.hot_products()),
            "bare Django view": Wrk(f"{at.limits.url}/django"),
            "DRF APIView": Wrk(f"{at.limits.url}/drf"),
            "gunicorn alone": Wrk(f"{at.limits.url}/wsgi"),
            "SQL": at.sql("product.sql", products=at.scale.products),
        },
        (
            *(Goal(SHOP, PLAIN, 5), Goal(SHOP, "bare Django view", 0.4)),
            Goal(hot, PLAIN, 70),
        ),
    )


def _keyword(at: Field) -> Case:
    return Case(
        "E4",
        "keyword of two Chinese characters, a fresh one each time",
        {
            SHOP: at.shop.fresh_words(),
            PLAIN: at.plain.fresh_words(),
            "SQL": at.sql("keyword.sql"),
        },
        (Goal(SHOP, PLAIN, 30),),
    )


def _order(at: Field) -> Case:
    return Case(
        "E5",
        "order of two random products",
        {
            SHOP: at.orders(at.shop, 2),
            PLAIN: at.orders(at.plain, 2),
            "SQL": at.order_sql(at.scale.products, CONNECTIONS),
        },
        (Goal(SHOP, PLAIN, 5), Goal(SHOP, "SQL", 0.4)),
        p99_times=4,
    )


def _hot_order(at: Field) -> Case:
    sql = "SQL, 16 clients"
    return Case(
        "E6",
        "orders of one hot product",
        {
            SHOP: at.orders(at.shop, 0),
            PLAIN: at.orders(at.plain, 0),
            sql: at.order_sql(1, 16),
        },
        (Goal(SHOP, PLAIN, 5), Goal(SHOP, sql, 1)),
        p99_times=4,
    )


def _profile(at: Field) -> Case:
    return Case(
        "E7",
        "own profile with JWT",
        {
            SHOP: at.shop.profiles(),
            PLAIN: at.plain.profiles(),
            "DRF APIView": Wrk(f"{at.limits.url}/drf"),
            "SQL": at.sql("profile.sql", shoppers=at.scale.shoppers),
        },
        (Goal(SHOP, PLAIN, 2.7),),
    )
