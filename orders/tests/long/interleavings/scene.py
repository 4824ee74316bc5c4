"""One order, whoever may want something of it, and how two of them meet."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import staff_deactivate
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.models import Order, Payment, Refund
from orders.services.accounts import account_delete
from orders.services.closing import order_cancel, order_cancel_by_staff, orders_expire
from orders.services.fulfilment import order_confirm, order_ship, orders_confirm_due
from orders.services.payments import payment_settle, payment_start
from orders.services.refunds import (
    refund_agree_return,
    refund_approve,
    refund_by_staff,
    refund_confirm,
    refund_query,
    refund_reject,
    refund_request,
    refund_retry,
    refund_return_parcel,
    refund_send,
    refund_send_back,
    refund_withdraw,
    returns_expire,
)
from orders.services.repricing import order_reprice
from orders.tests.conftest import line, placed, stock_of
from orders.tests.test_late_money import DEARER, PRICE, reprice
from shop.devstack.simulator.process import SimulatorProcess
from shop.errors import ShopError
from shop.wechat import pay

STOCK = 10
DONE, REFUSED = "done", "illegal_transition"


class Scene:
    """One order of two pieces, and whoever may want something of it."""

    def __init__(self, simulator: SimulatorProcess, api: APIClient, staff: User):
        self.simulator, self.staff = simulator, staff
        self.second, self.third = (
            User.objects.create_superuser(name, "a-long-password-9")
            for name in ("second", "third")
        )
        self.order_no = placed(api, line(Product.objects.get(), 2))["orderNo"]
        order = Order.objects.get()
        self.order_id, self.user = order.pk, order.user
        payment_start(order_no=self.order_no, user=self.user)
        self.out_trade_no = Payment.objects.get().out_trade_no

    @property
    def order(self) -> Order:
        return Order.objects.get(pk=self.order_id)

    @property
    def refund(self) -> Refund:
        return Refund.objects.latest("pk")

    # --- what came before

    def pay_unheard(self, out_trade_no: str = "") -> None:
        """WeChat has the money, and its notification is lost."""
        self.simulator.fault("notify", "never")
        self.simulator.pay(out_trade_no or self.out_trade_no, force=True)

    def is_paid(self) -> None:
        self.simulator.pay(self.out_trade_no)

    def has_expired(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        Order.objects.update(expires_at=past, due_at=past)

    def is_requested(self) -> None:
        self.is_paid()
        self.request()

    def is_agreed(self) -> None:
        """One of two people has agreed, which a limit of nothing asks for."""
        self.is_requested()
        self.approve()
        self.agreed_at = self.refund.agreed_at

    def is_completed(self) -> None:
        self.is_paid()
        self.ship()
        order_confirm(order_no=self.order_no, user_id=self.user.pk)

    def is_asking(self) -> None:
        self.is_completed()
        self.request()

    def is_shipped(self) -> None:
        self.is_paid()
        self.ship()
        Order.objects.update(shipped_at=timezone.now() - timedelta(days=365))

    def is_to_return(self) -> None:
        """Its goods may go back, and it is late."""
        self.is_shipped()
        refund_request(
            order_no=self.order_no,
            user_id=self.user.pk,
            reason="不合适",
            is_return=True,
        )
        refund_agree_return(
            refund_id=self.refund.pk, operator_id=self.staff.pk, address="二号仓"
        )
        Refund.objects.update(return_before=timezone.now())

    def is_processing(self) -> None:
        """A refund is at WeChat, which does not end it by itself."""
        self.simulator.hold_refunds()
        self.is_paid()
        self.refund_by_staff()
        refund_send(refund_id=self.refund.pk)

    def is_closed_there(self) -> None:
        self.is_processing()
        self.simulator.refund_decide(self.refund.out_refund_no, "CLOSED")

    def is_cancelled_after_two_attempts(self) -> None:
        reprice(self.order_no, self.staff, PRICE, DEARER, PRICE)
        payment_start(order_no=self.order_no, user=self.user)
        self.cancel()
        for payment in Payment.objects.all():
            self.pay_unheard(payment.out_trade_no)

    # --- who may come

    def notify(self) -> None:
        assert self.simulator.notify(self.out_trade_no) == 204

    def notify_second(self) -> None:
        second = Payment.objects.latest("pk").out_trade_no
        assert self.simulator.notify(second) == 204

    def query(self) -> None:
        facts = pay.query(self.out_trade_no)
        assert facts is not None
        if facts["trade_state"] == "SUCCESS":
            payment_settle(facts=facts)

    def cancel(self) -> None:
        order_cancel(order_no=self.order_no, user_id=self.user.pk)

    def cancel_by_staff(self) -> None:
        order_cancel_by_staff(
            order_id=self.order_id, operator_id=self.staff.pk, reason="缺货"
        )

    def expire(self) -> None:
        orders_expire()

    def reprice(self) -> None:
        order_reprice(
            order_id=self.order_id,
            seen=PRICE,
            new=DEARER,
            operator_id=self.staff.pk,
            reason="偏远地区",
        )

    def ship(self) -> None:
        order_ship(
            order_id=self.order_id,
            carrier="SF",
            tracking_no="SF1",
            operator_id=self.staff.pk,
        )

    def request(self) -> None:
        refund_request(order_no=self.order_no, user_id=self.user.pk, reason="不合适")

    def refund_by_staff(self) -> None:
        refund_by_staff(
            order_id=self.order_id, operator_id=self.staff.pk, reason="缺货"
        )

    def approve(self) -> None:
        refund_approve(
            refund_id=self.refund.pk, operator_id=self.staff.pk, is_restocked=False
        )

    def approve_by_second(self) -> None:
        refund_approve(
            refund_id=self.refund.pk, operator_id=self.second.pk, is_restocked=False
        )

    def confirm(self) -> None:
        self._confirm(self.second)

    def confirm_by_third(self) -> None:
        self._confirm(self.third)

    def _confirm(self, operator: User) -> None:
        assert self.agreed_at
        refund_confirm(
            refund_id=self.refund.pk, operator_id=operator.pk, agreed_at=self.agreed_at
        )

    def send_back(self) -> None:
        refund_send_back(
            refund_id=self.refund.pk, operator_id=self.second.pk, note="再核对"
        )

    def reject(self) -> None:
        refund_reject(
            refund_id=self.refund.pk, operator_id=self.staff.pk, answer="已备货"
        )

    def withdraw(self) -> None:
        refund_withdraw(refund_no=self.refund.refund_no, user_id=self.user.pk)

    def return_parcel(self) -> None:
        refund_return_parcel(
            refund_no=self.refund.refund_no,
            user_id=self.user.pk,
            carrier="ZTO",
            tracking_no="ZT123",
        )

    def expire_returns(self) -> None:
        returns_expire()

    def confirm_by_clock(self) -> None:
        orders_confirm_due()

    def deactivate_second(self) -> None:
        staff_deactivate(
            actor_id=self.third.pk, user_id=self.second.pk, reason="已离职"
        )

    def retry(self) -> None:
        refund_retry(refund_id=self.refund.pk, operator_id=self.staff.pk)

    def refund_notify(self) -> None:
        assert self.simulator.notify_refund(self.refund.out_refund_no) == 204

    def refund_ask(self) -> None:
        refund_query(refund_id=self.refund.pk)

    def delete_account(self) -> None:
        account_delete(user_id=self.user.pk)


def outcome(act: Callable[[], None]) -> str:
    """Do it; return what it was refused for, which must be for a reason of ours."""
    try:
        act()
    except ShopError as error:
        return error.code
    return "done"


@contextmanager
def held(*rows: Any) -> Iterator[None]:
    """Hold rows, so that whoever needs them waits."""
    with transaction.atomic():
        for queryset in rows:
            list(queryset.select_for_update(no_key=True))
        yield


class Race:
    """Two of a scene, each in a thread of its own."""

    def __init__(self, scene: Scene, pool: ThreadPoolExecutor) -> None:
        self._scene, self._pool = scene, pool

    def start(self, name: str) -> Future[str]:
        act = getattr(self._scene, name)
        return self._pool.submit(alone(lambda: outcome(act)))

    def in_turn(self, first: str, second: str) -> tuple[str, str]:
        """Let both wait for the order's lock, and have it in this sequence."""
        with held(Order.objects.all()):
            begun = [self.start(first)]
            wait_until(lambda: lock_waiters() == 1)
            begun.append(self.start(second))
            wait_until(lambda: lock_waiters() == 2)
        one, other = (future.result() for future in begun)
        return one, other


def left(scene: Scene) -> tuple[str, bool, int, int]:
    """Return the order's status, whether it is closing, the stock and the sales."""
    product = Product.objects.get()
    order = scene.order
    return order.status, order.is_closing, stock_of(product), product.sales


PAID = ("paid", False, STOCK - 2, 2)
# Cancelled, its money came, and it is placed again.
REPLACED = ("cancelled", False, STOCK - 2, 2)
