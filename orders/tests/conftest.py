"""What the tests of the orders share."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django import app
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku, StockMovement
from orders.models import Order, OrderEvent, OrderItem, Payment, Refund
from orders.numbers import out_trade_no_make
from orders.services.audit import orders_audit
from orders.services.fulfilment import order_ship
from orders.services.payments import payment_settle
from orders.services.refunds import refund_by_staff
from orders.tests.books import BothBooks
from orders.tests.gate import Turnstile
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat.errors import WeChatUnavailable

ADDRESS = {
    "name": "张三",
    "phone": "13800138000",
    "province": "广东省",
    "city": "深圳市",
    "district": "南山区",
    "detail": "科技园1号",
}


def line(product: Product, quantity: int = 1) -> dict[str, Any]:
    return {"productId": product.pk, "quantity": quantity}


def body(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"items": list(lines), "address": ADDRESS, **fields}


def placed(api: APIClient, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Place an order that must succeed; return what the API says of it."""
    response = api.post("/api/orders", body(*lines, **fields), format="json")
    assert response.status_code == 201, response.content
    data: dict[str, Any] = response.json()["data"]
    return data


def paid_order(api: APIClient, *lines: dict[str, Any]) -> Order:
    """Place an order and book a verified payment of it, without asking WeChat."""
    return paid(Order.objects.get(order_no=placed(api, *lines)["orderNo"]))


def paid(order: Order) -> Order:
    """Book a verified payment of an order."""
    return payment_settle(facts=payment_facts(attempt_made(order)))


def attempt_made(order: Order, **fields: Any) -> Payment:
    """Begin to pay an order, without asking WeChat."""
    attempt = order.payments.count() + 1
    return Payment.objects.create(
        order=order,
        out_trade_no=out_trade_no_make(order_no=order.order_no, attempt=attempt),
        amount=order.total_amount,
        expires_at=order.expires_at,
        **fields,
    )


def payment_facts(payment: Payment) -> dict[str, Any]:
    """Return what WeChat says of a payment that succeeded."""
    return {
        "appid": settings.WECHAT_APPID,
        "mchid": settings.WECHAT_MCHID,
        "out_trade_no": payment.out_trade_no,
        "transaction_id": f"42{payment.pk:08d}",
        "trade_state": "SUCCESS",
        "amount": {"total": int(payment.amount * 100), "currency": "CNY"},
        "payer": {"openid": "openid-shopper"},
    }


def refund_facts(refund: Refund, status: str) -> dict[str, Any]:
    """Return what WeChat answers of a refund."""
    return {
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.payment.transaction_id,
        "status": status,
        "amount": {
            "refund": int(refund.amount * 100),
            "total": int(refund.payment.amount * 100),
        },
    }


def stock_of(product: Product) -> int:
    return Sku.objects.get(product=product).stock


def written() -> tuple[int, int, int, int, list[int]]:
    """Count what placing an order writes, and read all stocks."""
    return (
        Order.objects.count(),
        OrderItem.objects.count(),
        OrderEvent.objects.count(),
        StockMovement.objects.count(),
        list(Sku.objects.order_by("pk").values_list("stock", flat=True)),
    )


def work() -> None:
    """Run what is queued, as a worker would; what WeChat did not do stays queued."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(id), task_name, args FROM procrastinate_jobs"
            " WHERE status = 'todo' GROUP BY task_name, args ORDER BY min(id)"
        )
        for ids, name, arguments in cursor.fetchall():
            try:
                app.tasks[name].func(**json.loads(arguments))
            except WeChatUnavailable:
                continue
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = ANY(%s)", [ids])


@pytest.fixture
def audited(db: None) -> Any:
    """After the test, every invariant of the books must hold."""
    yield
    assert orders_audit() == []


@pytest.fixture
def both_books(simulator: SimulatorProcess, db: None) -> BothBooks:
    """Begin to compare WeChat's books with ours; the test says when."""
    return BothBooks(simulator)


@pytest.fixture
def turnstile(simulator: SimulatorProcess, settings: Any) -> Iterator[Turnstile]:
    """Lead the shop's way to WeChat through one that a test can stop."""
    made = Turnstile(simulator.base_url)
    settings.WECHAT_PAY_BASE = made.url
    yield made
    made.end()


@pytest.fixture
def tea(product_make: Callable[..., Product]) -> Product:
    return product_make("龙井茶", price="99.00", stock=10)


@pytest.fixture
def cup(product_make: Callable[..., Product]) -> Product:
    return product_make("茶杯", price="25.50", stock=5)


@pytest.fixture
def two_skus(product_make: Callable[..., Product]) -> tuple[Product, Sku, Sku]:
    """A product in two sizes, with 3 and 7 pieces."""
    product = product_make("T恤", price="50.00", stock=3)
    small = Sku.objects.get(product=product)
    small.specs = {"尺码": "S"}
    small.save()
    large = Sku.objects.create(
        product=product, specs={"尺码": "L"}, price="60.00", stock=7
    )
    StockMovement.objects.create(sku=large, delta=7, balance=7, reason="initial")
    return product, small, large


@pytest.fixture
def noon(set_clock: Callable[[datetime], None]) -> None:
    """Stop the clock, far from midnight, at the last noon: tokens hold from then on."""
    now = timezone.localtime()
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    if noon > now:
        noon -= timedelta(days=1)
    set_clock(noon)


def deadlocks() -> int:
    """Return how many deadlocks PostgreSQL has counted in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        count: int = cursor.fetchone()[0]
    return count


def transactions_of_others() -> int:
    """Count the transactions in this database, this connection's own left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
        count: int = cursor.fetchone()[0]
    return count


ORDERS = "/admin/orders/order/"


@pytest.fixture
def desk(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def numbers(client: Client, **query: Any) -> list[str]:
    """List the order numbers that the list of orders shows, in its order."""
    changelist = client.get(ORDERS, query).context["cl"]
    return [order.order_no for order in changelist.result_list]


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.fixture
def one_of_each(
    shopper_api: APIClient, staff: User, tea: Product, cup: Product
) -> dict[str, Order]:
    """An order in each stage, oldest first."""
    orders = {
        name: paid_order(shopper_api, line(tea), line(cup))
        for name in ("shipped", "completed", "partly", "paid")
    }
    for name in ("shipped", "completed", "partly"):
        lines = list(orders[name].items.values_list("pk", flat=True))
        order_ship(
            order_id=orders[name].pk,
            carrier="SF",
            tracking_no=f"SF-{name}",
            operator_id=None,
            quantities={lines[0]: 1} if name == "partly" else None,
        )
    shopper_api.post(f"/api/orders/{orders['completed'].order_no}/confirm")
    orders["refunding"] = paid_order(shopper_api, line(tea))
    refund_by_staff(
        order_id=orders["refunding"].pk, operator_id=staff.pk, reason="没货了"
    )
    for name in ("cancelled", "closing", "pending"):
        order_no = placed(shopper_api, line(tea))["orderNo"]
        orders[name] = Order.objects.get(order_no=order_no)
    shopper_api.post(f"/api/orders/{orders['cancelled'].order_no}/cancel")
    closing = Order.objects.filter(pk=orders["closing"].pk)
    closing.update(closing_at=timezone.now(), close_reason="不想要了")
    return orders


def clerk(client: Client, *codenames: str) -> Client:
    user = User.objects.create_user("clerk", "a-long-password-9")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert user.user_permissions.count() == len(codenames)
    client.force_login(user)
    return client


@pytest.fixture
def wechat(
    simulator: SimulatorProcess, shop_server: Any, queue: None, audited: None
) -> Iterator[SimulatorProcess]:
    """WeChat, which ends refunds when a test says so, and notifies."""
    simulator.hold_refunds()
    yield simulator
    # Now, while the shop knows them: later they would disturb another test.
    for refund in simulator.state()["refunds"]:
        if refund["status"] == "PROCESSING":
            simulator.refund_decide(refund["outRefundNo"], "SUCCESS")
    simulator.hold_refunds(hold=False)


@pytest.fixture
def buy(
    wechat_api: APIClient, wechat: SimulatorProcess, tea: Product, cup: Product
) -> Callable[[], Order]:
    """Return a way to three paid teas and a cup."""

    def buy() -> Order:
        order_no = placed(wechat_api, line(tea, 3), line(cup))["orderNo"]
        wechat_api.post(f"/api/orders/{order_no}/pay")
        order = Order.objects.get(order_no=order_no)
        wechat.pay(order.payments.get().out_trade_no)
        order.refresh_from_db()
        assert order.status == "paid"
        return order

    return buy
