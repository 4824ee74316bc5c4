"""Staff who grant at the same moment: one grant of each refund, and a day's cap."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.locks import day_grants_lock
from orders.models import Order, Refund
from orders.services.refunds import refund_by_staff
from orders.tests.conftest import line, paid_order
from orders.tests.long.interleavings.scene import DONE, REFUSED, Race, Scene, outcome

pytestmark = pytest.mark.usefixtures("audited", "queue", "patient_database")


@pytest.mark.parametrize(
    ("before", "first", "second", "outcomes", "state"),
    [
        # One of them is the first person, and neither is both.
        ("is_requested", "approve", "approve_by_second", (DONE, REFUSED), "requested"),
        ("is_requested", "approve", "approve", (DONE, REFUSED), "requested"),
        ("is_requested", "approve", "withdraw", (DONE, DONE), "withdrawn"),
        ("is_requested", "withdraw", "approve", (DONE, REFUSED), "withdrawn"),
        # The second person's word, and what crosses it.
        ("is_agreed", "confirm", "confirm_by_third", (DONE, REFUSED), "approved"),
        # Who is shut out at this moment waits until the word is given.
        ("is_agreed", "confirm", "deactivate_second", (DONE, DONE), "approved"),
        ("is_agreed", "confirm", "withdraw", (DONE, REFUSED), "approved"),
        ("is_agreed", "withdraw", "confirm", (DONE, REFUSED), "withdrawn"),
        ("is_agreed", "confirm", "reject", (DONE, REFUSED), "approved"),
        ("is_agreed", "reject", "confirm", (DONE, REFUSED), "rejected"),
        ("is_agreed", "confirm", "send_back", (DONE, REFUSED), "approved"),
        ("is_agreed", "send_back", "confirm", (DONE, "refund_changed"), "requested"),
        ("is_agreed", "confirm", "cancel", (DONE, REFUSED), "approved"),
        ("is_agreed", "cancel", "confirm", (DONE, REFUSED), "approved"),
    ],
)
def test_two_at_a_grant_have_one_outcome(
    scene: Scene,
    race: Race,
    settings: Any,
    before: str,
    first: str,
    second: str,
    outcomes: tuple[str, str],
    state: str,
) -> None:
    settings.REFUND_TWO_PERSON_ABOVE = Decimal(0)
    getattr(scene, before)()
    refund = scene.refund
    assert race.in_turn(first, second) == outcomes
    granted = Refund.objects.filter(granted_at__isnull=False)
    assert granted.count() == (state == "approved" and first == "confirm")
    assert scene.refund.state == state
    refund.refresh_from_db()
    is_cancel = "cancel" in (first, second) and first != "confirm"
    assert refund.state == ("withdrawn" if is_cancel else state)


def test_two_orders_share_the_cap_of_a_day(
    scene: Scene,
    pool: ThreadPoolExecutor,
    wechat_api: APIClient,
    settings: Any,
    tea: Product,
) -> None:
    """Both have written their refund when the first of them is counted."""
    settings.REFUND_DAY_CAP = Decimal("150.00")
    orders = [paid_order(wechat_api, line(tea)) for _ in range(2)]

    def grant(order: Order) -> str:
        call = {"order_id": order.pk, "operator_id": scene.staff.pk, "reason": "破损"}
        return outcome(partial(refund_by_staff, **call))

    with transaction.atomic():
        day_grants_lock()
        begun = [pool.submit(alone(grant), order) for order in orders]
        wait_until(lambda: lock_waiters() == 2)
    assert sorted(one.result() for one in begun) == [DONE, "refund_day_cap"]
    assert Refund.objects.get().amount == Decimal("99.00")
