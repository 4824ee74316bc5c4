"""The real shop and the real simulator beside the model."""

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
from catalog.services.freight import FreightTerms
from orders.models import Order, OrderItem, Payment, Refund
from orders.tests.books import BothBooks
from orders.tests.clock import MovableClock
from orders.tests.coupons.making import claimed, coupon_made
from orders.tests.freight_plain import template_make
from orders.tests.money.comparing import require_all_same, require_same
from orders.tests.money.model import Shop
from orders.tests.money.things import (
    COUPON_FROM,
    COUPON_OFF,
    FREIGHT_FIRST,
    FREIGHT_FREE_FROM,
    FREIGHT_FURTHER,
    Attempt,
    Deal,
    Goods,
    Line,
    Return,
    Shopper,
    yuan,
)
from orders.tests.notifying import deliver, sealed, signed, wechat_world
from shop.devstack.simulator.process import SimulatorProcess
from shop.errors import ShopError

_TABLES = (
    "catalog_product, catalog_productcount, accounts_user, procrastinate_jobs,"
    " orders_paymentanomaly, orders_paymentnotice, orders_order, orders_coupon,"
    " catalog_freighttemplate"
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

    def offers_make(self) -> None:
        """Let there be freight, and a coupon."""
        fallback = FreightTerms(
            first_fee=yuan(FREIGHT_FIRST),
            further_fee=yuan(FREIGHT_FURTHER),
            free_from=yuan(FREIGHT_FREE_FROM),
        )
        template_make("到处", fallback, is_default=True)
        self.coupon = coupon_made(
            amount=yuan(COUPON_OFF), minimum_amount=yuan(COUPON_FROM), valid_days=3650
        )

    def goods_make(self, price: int, stock: int) -> None:
        cost = yuan(price)
        product = Product.objects.create(name="茶", price=cost, status="on_sale")
        sku = Sku.objects.create(product=product, price=cost, stock=stock)
        StockMovement.objects.create(
            sku=sku, delta=stock, balance=stock, reason="initial"
        )
        self.shop.goods.append(Goods(product.pk, price, stock))

    def shopper_login(self, name: str) -> None:
        """WeChat must know who pays; each takes the coupon."""
        code = {"code": f"sim-{name}"}
        answer = APIClient().post("/api/auth/login", code, format="json").json()
        shopper = Shopper(answer["data"]["userId"])
        claimed(User.objects.get(pk=shopper.pk), self.coupon)
        self.shop.shoppers.append(shopper)

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
            deal.coupon = old.coupon
            for line, before in zip(deal.lines, old.lines, strict=True):
                line.off = before.off
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
        require_all_same(self.shop)
        said = self.books.differences(is_settled=is_settled)
        require_same("differences of the books", [], said)
