"""Placing an order: one statement, no network call, with those who wait meanwhile."""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import connection, transaction
from psycopg.errors import LockNotAvailable

from orders.models import Order, OrderStatus
from orders.services.combining import Combiner, NotAnswered, NotAsked
from orders.services.drafts import Draft, draft_make, drafts_place, order_of
from orders.services.held_wishes import held_forget, held_note, is_held
from orders.services.order_requests import Destination, OrderRequest, destination_of
from orders.services.twins import key_hold
from shop.metrics import ORDERS

__all__ = ["Destination", "OrderRequest", "destination_of", "order_place"]

logger = logging.getLogger(__name__)

# More in one call gain little, and all of them wait for the last.
_TOGETHER_MAX = 16
# Whoever waits for a SKU for longer waits alone, for all of the call and of the line
# wait too. Calls of other processes pass within some 10 ms.
_LOCK_PATIENCE = "100ms"
# Who stands in line for longer stands behind a call that hangs.
_PATIENCE_SECONDS = 2.0
# What a call may take beside its statement: to connect, and to commit.
_MARGIN_SECONDS = 5.0


def order_place(
    *, user_id: int, request: OrderRequest, idempotency_key: str | None = None
) -> tuple[Order, bool]:
    """Place an order; return it and whether it was placed by this very call.

    A key that the shopper has used before returns the order of then, whatever has
    become of stock, product and address. Whatever fails, nothing is written; whoever
    sees the answer sees a committed order.

    Locks: the key, the SKUs in primary-key order, the shopper's key, what the shopper
        holds of the coupon, then the lines that leave the cart, until the commit.
    Raises: NotOnSale, InsufficientStock, SaleSoldOut, SaleLimitExceeded,
        RegionNotServed, CouponNotUsable, Invalid, NotFound, IdempotencyConflict,
        RequestInProgress, UserNotFound, Busy.
    """
    draft = draft_make(user_id, request, idempotency_key)
    with key_hold(user_id=user_id, key=idempotency_key):
        order = order_of(draft, _answer(draft))
    is_new = order.order_no == draft.order_no
    if is_new:
        ORDERS.labels(OrderStatus.PENDING.value).inc()
    return order, is_new


def _answer(draft: Draft) -> str:
    """Place a draft, if it can be together with others; return what became of it."""
    if connection.in_atomic_block:
        # An error, but in a test whose transaction is never committed.
        with transaction.atomic(durable=True):
            return drafts_place([draft])[0]
    if is_held(draft):
        return _place_alone(draft)
    try:
        return _combiner.answer(draft)
    except NotAsked:
        return _place_alone(draft)
    except NotAnswered:
        # It may have been placed all the same: the number will tell.
        return _place_alone(draft, is_again=True)


def _place_alone(draft: Draft, *, is_again: bool = False) -> str:
    """Place a draft that waits for locks as long as any other statement."""
    (answer,) = drafts_place([draft], is_again=is_again)
    held_forget(draft)
    return answer


def _place_together(drafts: Sequence[Draft]) -> Sequence[str]:
    """Place drafts in one transaction that is soon given up."""
    try:
        return drafts_place(drafts, patience=_LOCK_PATIENCE)
    except Exception as error:
        cause = error.__cause__ or error
        if isinstance(cause, LockNotAvailable):
            held_note(drafts)
        name = type(cause).__name__
        logger.info("%d orders to be placed one by one: %s", len(drafts), name)
        connection.close_if_unusable_or_obsolete()
        raise


_combiner = Combiner(
    _place_together,
    questions_max=_TOGETHER_MAX,
    patience_seconds=_PATIENCE_SECONDS,
    call_seconds_max=settings.DATABASE_STATEMENT_TIMEOUT_SECONDS + _MARGIN_SECONDS,
)
