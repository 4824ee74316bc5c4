"""Every invariant of stock and money, asked of the database in one snapshot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from orders.models import OrderStatus, RefundState
from orders.models.order_states import TRANSITIONS
from orders.models.refund_states import ASKED, REFUND_TRANSITIONS
from orders.services.audit import (
    coupons,
    deals,
    flash_sales,
    money,
    refunds,
    reviews,
    stock,
)

# Each check selects the subject and what is wrong with it. They are joined into one
# statement, which sees one moment of a shop that goes on selling.
_CHECKS = {
    **stock.CHECKS,
    **deals.CHECKS,
    **coupons.CHECKS,
    **flash_sales.CHECKS,
    **money.CHECKS,
    **refunds.CHECKS,
    **reviews.CHECKS,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks an invariant."""

    check: str
    subject: str
    problem: str


def orders_audit() -> list[Finding]:
    """Return every breach of an invariant; none means that the books are right.

    It reads whole tables: seconds at a million orders. It locks nothing.
    """
    parts = [
        f"SELECT '{name}', found.* FROM ({sql}) AS found (subject, problem)"  # noqa: S608 - constants
        for name, sql in _CHECKS.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), _legal_moves())
        return [Finding(*row) for row in cursor.fetchall()]


def _legal_moves() -> dict[str, list[str]]:
    first_of_refund = [RefundState.REQUESTED, RefundState.APPROVED]
    return {
        "moves": _legal(TRANSITIONS, [OrderStatus.PENDING]),
        "refund_moves": _legal(REFUND_TRANSITIONS, first_of_refund),
        "refund_asked": [*ASKED],
    }


def _legal(moves: Mapping[Any, Iterable[str]], first: Iterable[str]) -> list[str]:
    """Return `from>to` of every transition, those of the beginning included."""
    begun = [f">{state}" for state in first]
    return begun + [f"{old}>{new}" for old, news in moves.items() for new in news]
