"""The keys under which this process is placing orders now."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from orders.errors import RequestInProgress
from orders.models import Order

_held: set[tuple[int, str]] = set()
_lock = threading.Lock()


@contextmanager
def key_hold(*, user_id: int, key: str | None) -> Iterator[None]:
    """Hold a shopper's key, so that a twin is told at once and does not wait in line.

    The database has a lock for each key, too, which knows the twins elsewhere; but it
    is free for a moment when an order that was to be placed together is tried alone.

    Raises: RequestInProgress, unless the key has its order by now.
    """
    name = (user_id, key or "")
    with _lock:
        is_ours = name not in _held
        if is_ours and key:
            _held.add(name)
    if not is_ours and not _is_used(*name):
        raise RequestInProgress
    try:
        yield
    finally:
        if is_ours:
            _held.discard(name)


def _is_used(user_id: int, key: str) -> bool:
    return Order.objects.filter(user_id=user_id, idempotency_key=key).exists()
