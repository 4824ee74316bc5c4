"""What staff do with refunds, and what a refusal must leave as it is."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from orders.models import Order, Payment, Refund, RefundEvent, RefundItem
from orders.services.refunds import (
    Amounts,
    refund_approve,
    refund_by_staff,
    refund_confirm,
)
from shop.errors import ShopError


def lines_of(order: Order) -> tuple[int, int]:
    tea, cup = order.items.order_by("pk").values_list("pk", flat=True)
    return tea, cup


def approve(refund: Refund, staff: User, amounts: Amounts | None = None) -> Refund:
    return refund_approve(
        refund_id=refund.pk,
        operator_id=staff.pk,
        is_restocked=False,
        answer="同意",
        amounts=amounts,
    )


def confirm(refund: Refund, operator: User) -> Refund:
    refund.refresh_from_db()
    assert refund.agreed_at
    return refund_confirm(
        refund_id=refund.pk, operator_id=operator.pk, agreed_at=refund.agreed_at
    )


def give(order: Order, staff: User, *counts: int, **amounts: Any) -> Refund:
    """Give so many pieces of each line back, at the amounts."""
    wanted = dict(zip(lines_of(order), counts, strict=True))
    return refund_by_staff(
        order_id=order.pk,
        operator_id=staff.pk,
        reason="破损",
        quantities={pk: count for pk, count in wanted.items() if count},
        amounts=Amounts(**amounts),
    )


def everything() -> list[Any]:
    models = (Refund, RefundItem, RefundEvent, Payment, Order)
    rows = [list(model.objects.order_by("pk").values()) for model in models]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return [*rows, cursor.fetchone()]


def refused(error: type[ShopError], act: Any) -> str:
    """Do what must be refused and write nothing; return what is told."""
    before = everything()
    with pytest.raises(error) as caught:
        act()
    assert everything() == before
    return caught.value.message
