"""What all staff together grant in a day stays within its cap."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from orders.errors import DayCapReached
from orders.models import Order, Refund
from orders.services.refunds import Amounts, refund_retry
from orders.services.refunds.settling import refund_refuse
from orders.tests.refund_grants.granting import (
    approve,
    confirm,
    give,
    lines_of,
    refused,
)
from orders.tests.refunding import asked, pieces, ship

pytestmark = pytest.mark.usefixtures("audited")


def test_a_day_grants_no_more_than_its_cap(
    shopper_api: APIClient, order: Order, staff: User, settings: Any
) -> None:
    ship(order)
    settings.REFUND_DAY_CAP = Decimal("200.00")
    refund = asked(shopper_api, order, items=pieces(order, 2, 0))
    approve(refund, staff)
    other = asked(shopper_api, order, items=pieces(order, 0, 1))
    told = refused(DayCapReached, lambda: approve(other, staff))
    assert told == "超过每日退款上限¥200.00,今天还可退¥2.00"
    tea, cup = lines_of(order)
    refused(DayCapReached, lambda: give(order, staff, 1, 0))
    approve(other, staff, Amounts({cup: Decimal("2.00")}))
    told = refused(
        DayCapReached, lambda: give(order, staff, 1, 0, lines={tea: Decimal("0.01")})
    )
    assert told == "超过每日退款上限¥200.00,今天还可退¥0.00"

    # Another try of the same is no new grant, and a new day has its own.
    refund_refuse(refund=refund, wechat_code="INVALID_REQUEST")
    refund_retry(refund_id=refund.pk, operator_id=staff.pk)
    yesterday = timezone.now() - timedelta(days=1)
    Refund.objects.update(granted_at=yesterday)
    assert give(order, staff, 1, 0).state == "approved"


def test_the_second_one_grants_within_the_cap(
    shopper_api: APIClient, order: Order, staff: User, second: User, settings: Any
) -> None:
    settings.REFUND_TWO_PERSON_ABOVE = Decimal("10.00")
    settings.REFUND_DAY_CAP = Decimal("100.00")
    refund = asked(shopper_api, order, items=pieces(order, 2, 0))
    approve(refund, staff)
    refused(DayCapReached, lambda: confirm(refund, second))
    settings.REFUND_DAY_CAP = Decimal("198.00")
    assert confirm(refund, second).state == "approved"


def test_the_day_begins_at_midnight_of_the_shop(
    order: Order, staff: User, settings: Any
) -> None:
    settings.REFUND_DAY_CAP = Decimal("99.00")
    give(order, staff, 1, 0)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    Refund.objects.update(granted_at=midnight)
    refused(DayCapReached, lambda: give(order, staff, 1, 0))
    Refund.objects.update(granted_at=midnight - timedelta(microseconds=1))
    assert give(order, staff, 1, 0).state == "approved"


def test_a_grant_that_waits_over_midnight_counts_for_the_new_day(
    order: Order, staff: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REFUND_DAY_CAP = Decimal("99.00")
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    clock = {}
    monkeypatch.setattr(timezone, "now", lambda: clock["now"])

    def wait(execute: Any, sql: str, *args: Any) -> Any:
        if "pg_advisory_xact_lock" in sql:
            clock["now"] = midnight
        return execute(sql, *args)

    def give_late(pieces_of_tea: int) -> Refund:
        clock["now"] = midnight - timedelta(seconds=1)
        with connection.execute_wrapper(wait):
            return give(order, staff, pieces_of_tea, 0)

    refused(DayCapReached, lambda: give_late(2))
    assert give_late(1).granted_at == midnight


def test_the_sum_of_a_day_has_an_index(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    granted = Refund.objects.filter(granted_at__gte=timezone.now())
    assert "refund_granted" in granted.values("amount").explain()
