"""The real shop and the real simulator beside the model, and how they are compared."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku, StockMovement
from orders.models import Order, OrderItem, Payment, PaymentAnomaly, Refund
from orders.services.audit import orders_audit
from orders.tests.books import BothBooks
from orders.tests.clock import MovableClock
from orders.tests.conftest import stock_of
from orders.tests.money.model import Shop
from orders.tests.money.things import Attempt, Deal, Goods, Line, Return, Shopper
from orders.tests.notifying import deliver, sealed, signed, wechat_world
from shop.devstack.simulator.process import SimulatorProcess
from shop.errors import ShopError

_TABLES = (
    "catalog_product, catalog_productcount, accounts_user, procrastinate_jobs,"
    " orders_paymentanomaly, orders_paymentnotice, orders_order"
)


@contextmanager
def expected(is_legal: bool) -> Iterator[None]:
    """What is not legal must be refused."""
    if is_legal:
        yield
    else:
        with pytest.raises(ShopError):
            yield


@dataclass
class World:
    """What lives as long as the test; an example begins with empty tables."""

    simulator: SimulatorProcess
    clock: MovableClock
    numbers: Iterator[int] = field(default_factory=count)

    def begin(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {_TABLES} CASCADE")
        self.simulator.clear_faults()
        self.simulator.hold_refunds()
        self.books = BothBooks(self.simulator)
        self.shop = Shop(lambda: self.clock.now)
        self.staff, self.second = (
            User.objects.create_superuser(name, "a-long-password-9")
            for name in ("boss", "second")
        )

    def end(self) -> None:
        """Leave no refund that would end, and tell of it, in another test."""
        self.simulator.clear_faults()
        for one in self.simulator.state()["refunds"]:
            if one["status"] == "PROCESSING":
                self.simulator.fault("notify", "never")
                self.simulator.refund_decide(one["outRefundNo"], "CLOSED")
        self.simulator.hold_refunds(hold=False)

    def goods_make(self, price: int, stock: int) -> None:
        yuan = f"{price / 100:.2f}"
        product = Product.objects.create(name="茶", price=yuan, status="on_sale")
        sku = Sku.objects.create(product=product, price=yuan, stock=stock)
        StockMovement.objects.create(
            sku=sku, delta=stock, balance=stock, reason="initial"
        )
        self.shop.goods.append(Goods(product.pk, price, stock))

    def shopper_login(self, name: str) -> None:
        """WeChat must know who pays."""
        code = {"code": f"sim-{name}"}
        answer = APIClient().post("/api/auth/login", code, format="json").json()
        self.shop.shoppers.append(Shopper(answer["data"]["userId"]))

    # --- one of each, as the database has it

    def order_of(self, deal: Deal) -> Order:
        return Order.objects.get(order_no=deal.number)

    def refund_of(self, refund: Return) -> Refund:
        return Refund.objects.get(refund_no=refund.number)

    def deal_of(self, order: Order, shopper: Shopper) -> Deal:
        """Model a placed order; the model says of what it consists."""
        goods = {one.pk: one for one in self.shop.goods}
        lines = [
            Line(item.pk, goods[item.product_id], item.quantity)
            for item in OrderItem.objects.filter(order=order)
        ]
        return Deal(order.order_no, shopper, lines, order.expires_at)

    # --- what WeChat tells

    def attempt_made(self, deal: Deal) -> None:
        """Learn the number of the attempt that has just begun."""
        payment = Payment.objects.open().get(order__order_no=deal.number)
        deal.attempts.append(
            Attempt(payment.out_trade_no, deal.total, deal, payment.expires_at)
        )

    def settled(self, attempt: Attempt) -> None:
        """The shop has heard that an attempt was paid."""
        old = attempt.order
        effect = self.shop.settle(attempt)
        if effect == "again":
            again = Order.objects.get(pk=self.order_of(old).replaced_by_id)
            deal = self.deal_of(again, old.shopper)
            pieces = {line.goods: line.quantity for line in old.lines}
            assert pieces == {line.goods: line.quantity for line in deal.lines}
            deal.freight, deal.discount = old.freight, old.discount
            self.shop.placed_again(attempt, deal)
        elif effect == "undue":
            row = Refund.objects.get(payment__out_trade_no=attempt.number)
            back = Return(
                row.refund_no, attempt, old, "automatic", "approved", attempt.amount
            )
            old.refunds.append(back)

    def notification_send(self, attempt: Attempt, *, is_forged: bool, **change: Any):
        """Send what WeChat says of a payment, but for a change; return the status."""
        world = wechat_world()
        facts = {
            "appid": world["appid"],
            "mchid": world["mchid"],
            "out_trade_no": attempt.number,
            "transaction_id": "4200000000202611230000000001",
            "trade_state": "SUCCESS",
            "amount": {"total": attempt.amount, "currency": "CNY"},
            **change,
        }
        key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)
        body = sealed(facts, world["apiV3Key"], id=f"EV-{next(self.numbers)}")
        now = int(self.clock.now.timestamp())
        headers = signed(body, key, world["platformPublicKeyId"], now)
        if is_forged:
            body += b" "
        return deliver(body, headers).status_code

    # --- what the worker does

    def queued_at(self, refund: Return) -> int:
        """Return the place in the queue of the job that sends a refund."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(id) FROM procrastinate_jobs WHERE status = 'todo'"
                " AND args->>'refund_id' = %s",
                [str(self.refund_of(refund).pk)],
            )
            place: int | None = cursor.fetchone()[0]
        assert place is not None, "nobody would send it"
        return place

    # --- after each step

    def compare(self, *, is_settled: bool = False) -> None:
        """The database is as the model says, and every invariant holds."""
        _require_same("findings", [], orders_audit())
        _require_same("orders", _orders_of(self.shop), _orders_there())
        _require_same("attempts", _attempts_of(self.shop), _attempts_there())
        _require_same("refunds", _refunds_of(self.shop), _refunds_there())
        _require_same("goods", _goods_of(self.shop), _goods_there())
        _require_same("anomalies", _anomalies_of(self.shop), _anomalies_there())
        said = self.books.differences(is_settled=is_settled)
        _require_same("differences of the books", [], said)


def _require_same(name: str, wanted: Any, found: Any) -> None:
    if wanted == found:
        return
    if isinstance(wanted, dict):
        numbers = [pk for pk in {**wanted, **found} if wanted.get(pk) != found.get(pk)]
        wanted = {pk: wanted.get(pk) for pk in numbers}
        found = {pk: found.get(pk) for pk in numbers}
    raise AssertionError(f"{name}\nwanted {wanted}\nfound  {found}")


def _orders_of(shop: Shop) -> dict[str, Any]:
    return {
        one.number: (
            one.status,
            one.is_closing,
            one.total,
            one.replaced_by.number if one.replaced_by else None,
            {line.pk: line.quantity - one.free(line) for line in one.lines},
        )
        for one in shop.orders
    }


def _orders_there() -> dict[str, Any]:
    orders = Order.objects.select_related("replaced_by").prefetch_related("items")
    return {
        one.order_no: (
            one.status,
            one.is_closing,
            int(one.total_amount * 100),
            one.replaced_by.order_no if one.replaced_by else None,
            {item.pk: item.refund_quantity for item in one.items.all()},
        )
        for one in orders
    }


def _attempts_of(shop: Shop) -> dict[str, Any]:
    back: Counter[Attempt] = Counter()
    for refund in shop.refunds:
        if refund.is_live:
            back[refund.attempt] += refund.amount
    return {
        one.number: (one.order.number, one.state, one.amount, back[one])
        for one in shop.attempts
    }


def _attempts_there() -> dict[str, Any]:
    return {
        one.out_trade_no: (
            one.order.order_no,
            one.state,
            int(one.amount * 100),
            int(one.refund_amount * 100),
        )
        for one in Payment.objects.select_related("order")
    }


def _refunds_of(shop: Shop) -> dict[str, Any]:
    return {
        one.number: (
            one.order.number,
            one.kind,
            one.state,
            (one.amount, one.kept),
            (one.agreed_by, one.granted_at is not None),
            one.is_restocked,
            one.error,
            one.is_accepted,
            one.out_number,
            {line.pk: part for line, part in one.parts.items()},
        )
        for one in shop.refunds
    }


def _refunds_there() -> dict[str, Any]:
    refunds = Refund.objects.select_related("order").prefetch_related("items")
    return {
        one.refund_no: (
            one.order.order_no,
            one.kind,
            one.state,
            (int(one.amount * 100), int(one.kept_amount * 100)),
            (one.agreed_by_id, one.granted_at is not None),
            one.is_restocked,
            one.wechat_error,
            one.is_accepted,
            one.out_refund_no,
            {
                part.order_item_id: (part.quantity, part.unshipped_quantity)
                for part in one.items.all()
            },
        )
        for one in refunds
    }


def _goods_of(shop: Shop) -> dict[int, Any]:
    return {one.pk: (one.stock, one.sales) for one in shop.goods}


def _goods_there() -> dict[int, Any]:
    return {
        product.pk: (stock_of(product), product.sales)
        for product in Product.objects.all()
    }


def _anomalies_of(shop: Shop) -> dict[str, int]:
    return dict(Counter(kind for kind, _ in shop.anomalies))


def _anomalies_there() -> dict[str, int]:
    # One of no payment is of an earlier example, told again too late.
    known = PaymentAnomaly.objects.exclude(payment=None)
    return dict(Counter(known.values_list("kind", flat=True)))
