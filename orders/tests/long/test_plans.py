"""In a shop of a million products and ten million orders no request reads a table."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product as combinations
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.listing_sql import ORDERINGS
from catalog.models import Category, Product, SectionKind
from catalog.services.banners import banner_create
from catalog.services.home_sections import home_section_create
from catalog.services.search_history import (
    search_history_clear,
    search_history_delete_old,
)
from catalog.services.search_words import popular_words_count, search_word_create
from conftest import client_of
from orders import jobs
from orders.models import Coupon, Order, Payment
from orders.numbers import out_trade_no_make
from orders.services.fulfilment import order_ship
from orders.services.payments import payment_settle
from orders.tests.conftest import body, line, paid, payment_facts, placed
from orders.tests.coupons.making import claimed
from orders.tests.large_shop import LARGE, large_shop_fill
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.plans import plans_taken, sequential

pytestmark = [pytest.mark.usefixtures("large_shop"), pytest.mark.xdist_group("plans")]


@pytest.fixture(scope="module")
def large_shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Fill the tables once for all tests here, in a transaction that is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        large_shop_fill()
        yield
        transaction.set_rollback(True)


@pytest.fixture(params=["force_custom_plan", "force_generic_plan"])
def planned(request: Any, db: None) -> None:
    """Plan for the values, or once for any: a connection comes to either."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('plan_cache_mode', %s, true)", [request.param]
        )


@pytest.fixture
def customer(db: None) -> User:
    """Return one of the many, with orders and an address."""
    return User.objects.get(openid="many-700")


@pytest.fixture
def customer_api(customer: User) -> APIClient:
    return client_of(customer)


def read_whole(act: Callable[[], Any]) -> list[str]:
    """Return the plans, of what is done, that read a large table."""
    with plans_taken() as plans:
        act()
    assert plans
    return sequential(plans, LARGE)


def ok(response: Any) -> Any:
    assert response.status_code in (200, 201), response.content
    return response


def get(api: APIClient, path: str, query: dict[str, Any] | None = None) -> None:
    ok(api.get(path, query))


FILTERS: list[dict[str, Any]] = [
    {},
    {"keyword": "商品7"},
    {"keyword": "号"},
    {"keyword": "商品", "minPrice": "5", "inStock": "true"},
    {"minPrice": "10", "maxPrice": "11"},
    {"minPrice": "10"},
    {"inStock": "true"},
]


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("query", FILTERS, ids=lambda query: "-".join(query) or "all")
def test_lists(api: APIClient, query: dict[str, Any]) -> None:
    shelf = Category.objects.earliest("pk").pk
    orderings = ("-createdAt", "price") if query else ORDERINGS
    for category, ordering in combinations(({}, {"category": shelf}), orderings):
        asked = {**query, **category, "ordering": ordering}
        # The one exception: a total of many is counted from all of them, and kept.
        first = read_whole(partial(get, api, "/api/products", {**asked, "size": 9}))
        assert [plan for plan in first if "\nSELECT count(*)" not in plan] == []
        assert len(first) <= bool(query and "keyword" not in query)
        assert read_whole(partial(get, api, "/api/products", asked)) == []


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("ordering", ORDERINGS)
def test_deep_pages(api: APIClient, ordering: str) -> None:
    """The first time, and then from the mark that it has left."""
    for page, size in ((150, 10), (167, 9)):
        asked = {"ordering": ordering, "page": page, "size": size}
        assert read_whole(partial(get, api, "/api/products", asked)) == []


@pytest.mark.usefixtures("planned")
def test_a_product_and_the_categories(api: APIClient) -> None:
    newest = Product.objects.latest("pk").pk
    for path in (f"/api/products/{newest}", "/api/categories"):
        assert read_whole(partial(get, api, path)) == []


@pytest.mark.usefixtures("planned")
def test_the_home_page(api: APIClient) -> None:
    tea = Category.objects.earliest("pk")
    product = Product.objects.earliest("pk")
    banner = {"title": "茶", "image": "uploads/a.jpg", "target_kind": "product"}
    banner_create(fields=banner | {"product": product}, operator_id=None)
    for kind in SectionKind.values:
        fields = {"title": "茶", "kind": kind, "category": tea}
        ids = [product.pk]
        home_section_create(fields=fields, product_ids=ids, operator_id=None)
    assert read_whole(partial(get, api, "/api/home")) == []


@pytest.mark.usefixtures("planned")
def test_words(api: APIClient, customer: User, customer_api: APIClient) -> None:
    path = "/api/search/history"
    for word in ("商品", "号", "没有"):
        search_word_create(fields={"word": word, "kind": "hot"}, operator_id=None)
        sent = {"keyword": f"{word}7"}
        post = partial(customer_api.post, path, sent, format="json")
        assert read_whole(post) == []
    for url in ("/api/search/hot", path):
        assert read_whole(partial(get, customer_api, url)) == []
    for text in ("商", "商品7", "号"):
        asked = {"keyword": text}
        assert read_whole(partial(get, api, "/api/search/suggest", asked)) == []
    # Of all whose descriptions hold it, so many are looked at and no more.
    with plans_taken() as plans:
        get(api, "/api/search/suggest", {"keyword": "第"})
    bounded = r"CTE looked_at\n *->  Limit .*\n *->  .* Scan on catalog_productsearch "
    assert [bool(re.search(bounded, plan)) for plan in plans].count(True) == 1
    search_history_clear(user_id=customer.pk)
    for job in (popular_words_count, search_history_delete_old):
        assert read_whole(job) == []


@pytest.mark.usefixtures("planned")
def test_a_shopper_at_home(customer_api: APIClient) -> None:
    for path in (
        "/api/auth/user",
        "/api/addresses",
        "/api/orders/counts",
        "/api/orders",
        "/api/orders?status=completed&page=2&size=1",
        "/api/orders?keyword=商品",
        "/api/refunds",
        "/api/reviews",
        "/api/coupons/mine",
        "/api/cart",
    ):
        assert read_whole(partial(get, customer_api, path)) == []


@pytest.mark.usefixtures("planned")
def test_orders_from_the_cart_to_the_end(
    staff: User, customer: User, customer_api: APIClient
) -> None:
    lines = [line(product) for product in Product.objects.order_by("pk")[5:8]]
    dear = {"fromCart": True, "couponId": claimed(customer, amount="0.10").coupon_id}
    unpaid, pending = (order_place(customer_api, lines) for _ in range(2))
    order = paid(order_place(customer_api, lines))
    attempt = Payment.objects.create(
        order=pending,
        out_trade_no=out_trade_no_make(order_no=pending.order_no, attempt=1),
        amount=pending.total_amount,
        expires_at=pending.expires_at,
        # Nobody asks WeChat inside of the test's transaction.
        prepay_id="wx1",
        prepay_at=timezone.now(),
    )
    parcel = {"carrier": "SF", "tracking_no": "SF1", "operator_id": staff.pk}

    def post(path: str, **sent: Any) -> Any:
        return ok(customer_api.post(f"/api/orders{path}", sent, format="json"))

    for act in (
        lambda: post("/preview", **body(*lines)),
        lambda: post("", **body(*lines, **dear)),
        lambda: post(f"/{pending.order_no}/pay"),
        lambda: payment_settle(facts=payment_facts(attempt)),
        lambda: post(f"/{unpaid.order_no}/cancel"),
        lambda: order_ship(order_id=order.pk, **parcel),
        lambda: ok(customer_api.get(f"/api/orders/{order.order_no}")),
        lambda: post(f"/{order.order_no}/confirm"),
        lambda: ok(customer_api.delete(f"/api/orders/{order.order_no}")),
    ):
        assert read_whole(act) == []


def order_place(api: APIClient, lines: list[dict[str, Any]]) -> Order:
    return Order.objects.get(order_no=placed(api, *lines)["orderNo"])


@pytest.mark.parametrize(
    "job",
    [
        jobs.orders_sweep,
        jobs.orders_autoconfirm,
        jobs.payments_query_job,
        jobs.notices_settle_job,
        jobs.refunds_follow_job,
        jobs.reports_resume,
        jobs.returns_expire_job,
    ],
    ids=lambda job: job.name,
)
def test_what_is_due(db: None, simulator: SimulatorProcess, job: Any) -> None:
    Order.objects.filter(status="pending").update(due_at=timezone.now())
    assert read_whole(lambda: job(timestamp=0)) == []


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/orders/order/",
        "/admin/orders/order/?stage=to_ship",
        "/admin/orders/order/?q=13810000700",
        "/admin/catalog/product/",
        "/admin/catalog/product/?q=商品7",
        "/admin/accounts/shopper/",
        "/admin/orders/coupon/",
        "/admin/catalog/flashsale/",
    ],
)
def test_staff_pages(staff: User, path: str) -> None:
    client = Client()
    client.force_login(staff)
    # How many SKUs are low is read from all of them, and kept: a stock has no index.
    client.get("/admin/")
    assert read_whole(lambda: ok(client.get(path, follow=True))) == []


def test_what_a_coupon_of_many_has_brought(staff: User) -> None:
    client = Client()
    client.force_login(staff)
    client.get("/admin/")
    page = f"/admin/orders/coupon/{Coupon.objects.get().pk}/change/"
    assert read_whole(lambda: ok(client.get(page))) == []


@pytest.mark.parametrize(
    ("index", "act"),
    [
        ("product_newest", lambda api: api.get("/api/products?page=150")),
        ("productsearch_terms", lambda api: api.get("/api/products?keyword=商品7")),
        ("orderitem_sku_once", lambda api: api.get("/api/orders")),
        ("order_due", lambda _: jobs.orders_sweep(timestamp=0)),
    ],
    ids=lambda index: index if isinstance(index, str) else "",
)
def test_without_the_index_a_table_is_read(
    customer_api: APIClient, index: str, act: Callable[[APIClient], Any]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"DROP INDEX {index}")
    assert len(read_whole(lambda: act(customer_api))) == 1
