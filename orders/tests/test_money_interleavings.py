"""Two that want one order at the same moment: one outcome, whoever comes first.

They are stopped where they wait for WeChat and where they wait for a lock: the other
one does all it has to do there. What is held up and let go by the test comes in the
sequence that the test says, so each interleaving is met each time.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from conftest import alone, lock_waiters, wait_until
from orders.models import Order, Payment, PaymentAnomaly, Refund, Shipment
from orders.services.accounts import account_delete
from orders.services.closing import order_cancel, order_cancel_by_staff, orders_expire
from orders.services.fulfilment import order_confirm, order_ship
from orders.services.payments import payment_settle, payment_start
from orders.services.refunds import (
    refund_approve,
    refund_by_staff,
    refund_query,
    refund_reject,
    refund_request,
    refund_retry,
    refund_send,
    refund_withdraw,
)
from orders.services.repricing import order_reprice
from orders.tests.books import BothBooks
from orders.tests.conftest import deadlocks, line, placed, stock_of, work
from orders.tests.gate import Turnstile
from orders.tests.test_late_money import DEARER, PRICE, reprice
from shop.devstack.simulator.process import SimulatorProcess
from shop.errors import ShopError
from shop.wechat import pay

pytestmark = pytest.mark.usefixtures("audited", "queue", "patient_database")

STOCK = 10


class Scene:
    """One order of two pieces, and whoever may want something of it."""

    def __init__(self, simulator: SimulatorProcess, api: APIClient, staff: User):
        self.simulator, self.staff = simulator, staff
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

    def is_completed(self) -> None:
        self.is_paid()
        self.ship()
        order_confirm(order_no=self.order_no, user_id=self.user.pk)

    def is_asking(self) -> None:
        self.is_completed()
        self.request()

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

    def reject(self) -> None:
        refund_reject(
            refund_id=self.refund.pk, operator_id=self.staff.pk, answer="已备货"
        )

    def withdraw(self) -> None:
        refund_withdraw(refund_no=self.refund.refund_no, user_id=self.user.pk)

    def retry(self) -> None:
        refund_retry(refund_id=self.refund.pk, operator_id=self.staff.pk)

    def refund_notify(self) -> None:
        assert self.simulator.notify_refund(self.refund.out_refund_no) == 204

    def refund_ask(self) -> None:
        refund_query(refund_id=self.refund.pk)

    def delete_account(self) -> None:
        account_delete(user_id=self.user.pk)


@pytest.fixture
def scene(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    shop_server: Any,
    staff: User,
    tea: Product,
) -> Iterator[Scene]:
    yield Scene(simulator, wechat_api, staff)
    simulator.hold_refunds(hold=False)


@pytest.fixture(autouse=True)
def _no_deadlock(transactional_db: None) -> Iterator[None]:
    before = deadlocks()
    yield
    assert deadlocks() == before


@pytest.fixture
def turnstile(simulator: SimulatorProcess, settings: Any) -> Iterator[Turnstile]:
    made = Turnstile(simulator.base_url)
    settings.WECHAT_PAY_BASE = made.url
    yield made
    made.end()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


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


@pytest.fixture
def race(scene: Scene, pool: ThreadPoolExecutor) -> Race:
    return Race(scene, pool)


def left(scene: Scene) -> tuple[str, bool, int, int]:
    """Return the order's status, whether it is closing, the stock and the sales."""
    product = Product.objects.get()
    order = scene.order
    return order.status, order.is_closing, stock_of(product), product.sales


PAID = ("paid", False, STOCK - 2, 2)
# Cancelled, its money came, and it is placed again.
REPLACED = ("cancelled", False, STOCK - 2, 2)


@pytest.mark.parametrize("told_by", ["notify", "query"])
@pytest.mark.parametrize("ender", ["cancel", "cancel_by_staff", "expire"])
@pytest.mark.parametrize(
    ("when", "call"),
    [
        ("before", "query"),
        ("after", "query"),
        ("before", "close"),
        ("after", "close"),
    ],
)
def test_payment_overtakes_whoever_ends_the_order(
    scene: Scene,
    race: Race,
    turnstile: Turnstile,
    both_books: BothBooks,
    when: str,
    call: str,
    ender: str,
    told_by: str,
) -> None:
    """The money came while WeChat was asked, even just after it had closed there."""
    scene.has_expired()
    turnstile.stop(when, call)
    ending = race.start(ender)
    turnstile.wait()
    scene.pay_unheard()
    assert outcome(getattr(scene, told_by)) == "done"
    turnstile.open()
    assert ending.result() == ("done" if ender == "expire" else "illegal_transition")
    assert left(scene) == PAID
    assert scene.order.replaced_by is None
    assert Payment.objects.get().state == "succeeded"
    assert (Refund.objects.count(), PaymentAnomaly.objects.count()) == (0, 0)
    assert both_books.differences() == []


@pytest.mark.parametrize("told_by", ["notify", "query"])
@pytest.mark.parametrize("ender", ["cancel", "expire"])
def test_payment_comes_while_the_order_is_being_released(
    scene: Scene,
    race: Race,
    turnstile: Turnstile,
    both_books: BothBooks,
    ender: str,
    told_by: str,
) -> None:
    """It waits for the order, finds it cancelled and the pieces there again."""
    scene.has_expired()
    turnstile.stop("after", "close")
    ending = race.start(ender)
    turnstile.wait()
    with held(Sku.objects.all()):
        turnstile.open()
        wait_until(lambda: lock_waiters() == 1)
        scene.pay_unheard()
        telling = race.start(told_by)
        wait_until(lambda: lock_waiters() == 2)
    assert (ending.result(), telling.result()) == ("done", "done")
    assert left(scene) == REPLACED
    assert scene.order.replaced_by.status == "paid"
    assert PaymentAnomaly.objects.get().kind == "late"
    assert both_books.differences() == []


@pytest.mark.parametrize("told_by", ["notify", "query"])
@pytest.mark.parametrize(
    ("ender", "end"),
    [
        # Nobody waits for what another holds: the next sweep finds it paid.
        ("expire", PAID),
        # Paid when its turn comes, so it is refunded.
        ("cancel", ("paid", True, STOCK - 2, 2)),
    ],
)
def test_order_is_ended_while_its_payment_is_being_booked(
    scene: Scene,
    race: Race,
    both_books: BothBooks,
    ender: str,
    end: tuple[str, bool, int, int],
    told_by: str,
) -> None:
    scene.has_expired()
    scene.pay_unheard()
    with held(Product.objects.all()):
        telling = race.start(told_by)
        wait_until(lambda: lock_waiters() == 1)
        ending = race.start(ender)
        if ender == "expire":
            assert ending.result() == "done"
        else:
            wait_until(lambda: lock_waiters() == 2)
    assert (telling.result(), ending.result()) == ("done", "done")
    assert left(scene) == end
    work()
    wait_until(lambda: not Refund.objects.exclude(state="succeeded").exists())
    if ender == "cancel":
        assert left(scene) == ("cancelled", False, STOCK, 0)
    assert both_books.differences() == []


@pytest.mark.parametrize("told_by", ["notify", "query"])
@pytest.mark.parametrize(
    ("when", "call"), [("before", "query"), ("before", "close"), ("after", "close")]
)
def test_payment_overtakes_a_new_price(
    scene: Scene,
    race: Race,
    turnstile: Turnstile,
    both_books: BothBooks,
    when: str,
    call: str,
    told_by: str,
) -> None:
    turnstile.stop(when, call)
    pricing = race.start("reprice")
    turnstile.wait()
    scene.pay_unheard()
    assert outcome(getattr(scene, told_by)) == "done"
    turnstile.open()
    assert pricing.result() == "illegal_transition"
    assert left(scene) == PAID
    assert scene.order.price_changes.count() == 0
    assert both_books.differences() == []


@pytest.mark.parametrize("told_by", ["notify", "query"])
def test_payment_of_the_old_price_comes_after_the_new_one(
    scene: Scene, race: Race, both_books: BothBooks, told_by: str
) -> None:
    scene.reprice()
    scene.pay_unheard()
    assert outcome(getattr(scene, told_by)) == "done"
    assert left(scene) == ("pending", False, STOCK - 2, 0)
    work()
    wait_until(lambda: scene.refund.state == "succeeded")
    assert both_books.differences() == []


DONE, REFUSED = "done", "illegal_transition"


@pytest.mark.parametrize(
    ("before", "first", "second", "outcomes", "end"),
    [
        # Money that comes.
        ("pay_unheard", "notify", "notify", (DONE, DONE), PAID),
        ("pay_unheard", "notify", "query", (DONE, DONE), PAID),
        ("pay_unheard", "query", "notify", (DONE, DONE), PAID),
        ("pay_unheard", "notify", "reprice", (DONE, REFUSED), PAID),
        ("pay_unheard", "reprice", "notify", (REFUSED, DONE), PAID),
        (
            "is_cancelled_after_two_attempts",
            "notify",
            "notify_second",
            (DONE, DONE),
            REPLACED,
        ),
        # A paid order that its shopper or staff want to end.
        (
            "is_paid",
            "cancel",
            "cancel_by_staff",
            (DONE, REFUSED),
            ("paid", True, STOCK - 2, 2),
        ),
        ("is_paid", "cancel", "ship", (DONE, REFUSED), ("paid", True, STOCK - 2, 2)),
        ("is_paid", "ship", "cancel", (DONE, REFUSED), ("shipped", False, 8, 2)),
        ("is_paid", "cancel", "request", (DONE, REFUSED), ("paid", True, 8, 2)),
        # The request is part of the cancel.
        ("is_paid", "request", "cancel", (DONE, DONE), ("paid", True, 8, 2)),
        ("is_paid", "refund_by_staff", "cancel", (DONE, REFUSED), ("paid", True, 8, 2)),
        ("is_paid", "cancel", "refund_by_staff", (DONE, REFUSED), ("paid", True, 8, 2)),
        ("is_paid", "refund_by_staff", "ship", (DONE, REFUSED), ("paid", True, 8, 2)),
        ("is_paid", "ship", "refund_by_staff", (DONE, DONE), ("shipped", False, 8, 2)),
        ("is_paid", "request", "request", (DONE, "refund_pending"), PAID),
        ("is_paid", "request", "ship", (DONE, "invalid"), PAID),
        # An answer, and what crosses it.
        ("is_requested", "approve", "withdraw", (DONE, REFUSED), ("paid", True, 8, 2)),
        ("is_requested", "withdraw", "approve", (DONE, REFUSED), PAID),
        ("is_requested", "approve", "reject", (DONE, REFUSED), ("paid", True, 8, 2)),
        ("is_requested", "reject", "withdraw", (DONE, REFUSED), PAID),
        ("is_requested", "approve", "cancel", (DONE, REFUSED), ("paid", True, 8, 2)),
        ("is_requested", "cancel", "approve", (DONE, REFUSED), ("paid", True, 8, 2)),
        (
            "is_closed_there",
            "retry",
            "retry",
            (DONE, REFUSED),
            ("cancelled", False, 10, 0),
        ),
    ],
)
def test_two_at_the_order_have_one_outcome(
    scene: Scene,
    race: Race,
    both_books: BothBooks,
    before: str,
    first: str,
    second: str,
    outcomes: tuple[str, str],
    end: tuple[str, bool, int, int],
) -> None:
    getattr(scene, before)()
    assert race.in_turn(first, second) == outcomes
    assert left(scene) == end
    # Whatever was decided comes to its end, and the books agree.
    scene.simulator.hold_refunds(hold=False)
    work()
    wait_until(lambda: not Refund.objects.filter(state="processing").exists())
    assert both_books.differences() == []
    assert Shipment.objects.count() == (end[0] == "shipped")


@pytest.mark.parametrize("status", ["SUCCESS", "CLOSED", "ABNORMAL"])
@pytest.mark.parametrize("sequence", [1, -1])
def test_refund_is_told_and_asked_at_once(
    scene: Scene, race: Race, both_books: BothBooks, status: str, sequence: int
) -> None:
    scene.is_processing()
    scene.simulator.fault("notify", "never")
    scene.simulator.refund_decide(scene.refund.out_refund_no, status)
    race.in_turn(*["refund_notify", "refund_ask"][::sequence])
    refund = scene.refund
    assert (refund.state, refund.wechat_error) == (
        ("succeeded", "") if status == "SUCCESS" else ("failed", status)
    )
    assert refund.events.count() == 3
    assert left(scene) == ("cancelled", False, STOCK, 0)
    assert PaymentAnomaly.objects.count() == (status != "SUCCESS")
    assert both_books.differences() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_refund_is_sent_twice_at_once(
    scene: Scene, race: Race, turnstile: Turnstile, both_books: BothBooks, when: str
) -> None:
    """The job and the minute's run: WeChat has one refund, and it is booked once."""
    scene.is_paid()
    scene.cancel()
    turnstile.stop(when, "refund")
    sending = race.start("refund_ask")
    turnstile.wait()
    assert outcome(scene.refund_ask) == DONE
    turnstile.open()
    assert sending.result() == DONE
    wait_until(lambda: scene.refund.state == "succeeded")
    assert left(scene) == ("cancelled", False, STOCK, 0)
    assert both_books.differences() == []


@pytest.mark.parametrize(
    ("before", "asker", "outcomes"),
    [
        # What is asked for comes to its end first.
        ("is_completed", "request", (DONE, "orders_open")),
        ("is_asking", "withdraw", (DONE, DONE)),
    ],
)
def test_account_is_deleted_after_its_shopper_has_asked(
    scene: Scene, race: Race, before: str, asker: str, outcomes: tuple[str, str]
) -> None:
    """The deletion locks the shopper, then the orders; so must whoever names both."""
    getattr(scene, before)()
    assert race.in_turn(asker, "delete_account") == outcomes


def test_shopper_who_is_being_deleted_asks_for_nothing(
    scene: Scene, race: Race
) -> None:
    scene.is_completed()
    with held(Order.objects.all()):
        deleting = race.start("delete_account")
        wait_until(lambda: lock_waiters() == 1)
        assert race.start("request").result() == "user_not_found"
    assert deleting.result() == DONE
    assert Refund.objects.count() == 0
