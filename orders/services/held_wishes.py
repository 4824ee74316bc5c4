"""What a call has found locked a moment ago: whoever wants it is placed alone."""

import threading
import time
from collections.abc import Iterator, Sequence

from orders.services.drafts import Draft

# As long as somebody alone waits for a lock, unless told otherwise.
_MOMENT_SECONDS = 3.0

_Wished = tuple[int, int | None]
_until: dict[_Wished, float] = {}
_lock = threading.Lock()


def held_note(drafts: Sequence[Draft]) -> None:
    """Remember what these orders want: one of it is locked, and nobody knows which."""
    now = time.monotonic()
    with _lock:
        for wished in [wished for wished, until in _until.items() if until <= now]:
            del _until[wished]
        for draft in drafts:
            _until.update(dict.fromkeys(_wished(draft), now + _MOMENT_SECONDS))


def held_forget(draft: Draft) -> None:
    """Forget what an order wants: it had all its locks."""
    with _lock:
        for wished in _wished(draft):
            _until.pop(wished, None)


def is_held(draft: Draft) -> bool:
    """Tell whether an order wants something that may be locked still."""
    now = time.monotonic()
    return any(_until.get(wished, now) > now for wished in _wished(draft))


def _wished(draft: Draft) -> Iterator[_Wished]:
    return ((wish.product_id, wish.sku_id) for wish in draft.request.wishes)
