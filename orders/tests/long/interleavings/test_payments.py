"""Money comes while another ends or reprices the order: one outcome, whoever is first.

They are stopped where they wait for WeChat and where they wait for a lock: the other
one does all it has to do there. What is held up and let go by the test comes in the
sequence that the test says, so each interleaving is met each time.
"""

import pytest

from catalog.models import Product, Sku
from conftest import lock_waiters, wait_until
from orders.models import Payment, PaymentAnomaly, Refund
from orders.tests.books import BothBooks
from orders.tests.conftest import work
from orders.tests.gate import Turnstile
from orders.tests.long.interleavings.scene import (
    PAID,
    REPLACED,
    STOCK,
    Race,
    Scene,
    held,
    left,
    outcome,
)

pytestmark = pytest.mark.usefixtures("audited", "queue", "patient_database")


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
