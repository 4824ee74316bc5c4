"""The one way to ask where a parcel is: by the service that the settings name.

What was answered is kept in the cache, so that a parcel is asked about seldom.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.cache import cache

from shop.tracking import kuaidi100
from shop.tracking.trace import Trace, TraceRefused, TraceStep

# Each answers Trace; None when it does not know the carrier.
SERVICES: Mapping[str, Callable[..., Trace | None]] = {"kuaidi100": kuaidi100.trace_ask}
# Kuaidi100 locks a number that is asked about more often.
KEPT_SECONDS = 30 * 60
# Of what has arrived nothing new is written.
OVER_SECONDS = 24 * 3600
# A locked number stays locked while it is asked about.
REFUSED_SECONDS = 60
_REFUSED = "refused"


def trace_of(*, carrier: str, tracking_no: str, phone: str) -> Trace | None:
    """Return where a parcel is, as it was known in the last half hour.

    `phone` is of who sends or gets it: some carriers tell nobody else. None: there is
    nobody to ask, without a service in the settings or for such a carrier.

    Raises: TraceUnavailable; RuntimeError, in a transaction.
    """
    ask = SERVICES.get(settings.LOGISTICS_SERVICE)
    if ask is None:
        return None
    key = _key(carrier, tracking_no, phone)
    if (kept := cache.get(key)) is not None:
        return _read(kept)
    try:
        trace = ask(carrier=carrier, tracking_no=tracking_no, phone=phone)
    except TraceRefused:
        cache.set(key, _REFUSED, REFUSED_SECONDS)
        raise
    if trace is not None:
        seconds = OVER_SECONDS if trace.is_over else KEPT_SECONDS
        cache.set(key, _written(trace), seconds)
    return trace


def _key(*facts: str) -> str:
    """Return a name that tells nobody's number."""
    return f"trace:{hashlib.sha256(':'.join(facts).encode()).hexdigest()}"


# As plain values: another release must be able to read them.
def _written(trace: Trace) -> Any:
    return trace.state, [(step.at, step.text) for step in trace.steps]


def _read(kept: Any) -> Trace:
    """Raises: TraceRefused."""
    if kept == _REFUSED:
        raise TraceRefused
    state, steps = kept
    return Trace(state, [TraceStep(at, text) for at, text in steps])
