"""Two that want a paid order or its refund at the same moment: one outcome."""

import pytest

from conftest import lock_waiters, wait_until
from orders.models import Order, PaymentAnomaly, Refund, Shipment
from orders.tests.books import BothBooks
from orders.tests.conftest import work
from orders.tests.gate import Turnstile
from orders.tests.long.interleavings.scene import (
    DONE,
    PAID,
    REFUSED,
    REPLACED,
    STOCK,
    Race,
    Scene,
    held,
    left,
    outcome,
)

pytestmark = pytest.mark.usefixtures("audited", "queue", "patient_database")


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


@pytest.mark.parametrize(
    ("before", "first", "second", "outcomes", "end"),
    [
        (
            *("is_to_return", "return_parcel", "return_parcel", (DONE, DONE)),
            ("returning", "shipped"),
        ),
        (
            *("is_to_return", "return_parcel", "expire_returns", (DONE, DONE)),
            ("returning", "shipped"),
        ),
        (
            *("is_to_return", "expire_returns", "return_parcel", (DONE, REFUSED)),
            ("withdrawn", "shipped"),
        ),
        (
            *("is_to_return", "return_parcel", "withdraw", (DONE, REFUSED)),
            ("returning", "shipped"),
        ),
        (
            *("is_to_return", "approve", "return_parcel", (DONE, REFUSED)),
            ("approved", "shipped"),
        ),
        # What was asked for in the last moment holds the order open.
        (
            *("is_shipped", "request", "confirm_by_clock", (DONE, DONE)),
            ("requested", "shipped"),
        ),
        (
            *("is_shipped", "confirm_by_clock", "request", (DONE, DONE)),
            ("requested", "completed"),
        ),
    ],
)
def test_two_at_a_return_have_one_outcome(
    scene: Scene,
    race: Race,
    before: str,
    first: str,
    second: str,
    outcomes: tuple[str, str],
    end: tuple[str, str],
) -> None:
    getattr(scene, before)()
    assert race.in_turn(first, second) == outcomes
    assert (scene.refund.state, scene.order.status) == end
    sent = scene.refund.events.filter(to_state="returning")
    assert sent.count() == (end[0] == "returning")
