"""Kuaidi100, which asks the carriers.

Source: https://api.kuaidi100.com/document/5f0ffb5ebc8da837cbd8aefc, its error codes
and its table of carriers.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone

from shop.api.text import plain_text
from shop.calls.calling import Callee, calling, in_time, reply_read
from shop.tracking.trace import Trace, TraceRefused, TraceStep, TraceUnavailable

logger = logging.getLogger(__name__)

_PATH = "/poll/query.do"

# WeChat's codes of carriers, by which parcels are booked, and Kuaidi100's.
CARRIERS: Mapping[str, str] = {
    "SF": "shunfeng",
    "ZTO": "zhongtong",
    "YTO": "yuantong",
    "STO": "shentong",
    "YD": "yunda",
    "JTSD": "jtexpress",
    "EMS": "ems",
    "YZPY": "youzhengguonei",
    "JD": "jd",
    "DBL": "debangkuaidi",
}
# The carriers that tell only who knows the phone of one end. Nobody else is told it.
_WITH_PHONE = ("SF", "ZTO")
_NUMBER_LENGTHS = range(6, 33)

# Connect, read, as for WeChat; a request has no more for all its parcels together.
TIMEOUT_SECONDS = (2, 3)
REPLY_MAX_BYTES = 256 * 1024
STEPS_MAX = 100
STEP_TEXT_MAX = 500
# A quarter of a process's threads: with WeChat's half a quarter is left to the rest.
CALLS_MAX = 2
_KUAIDI100 = Callee("Kuaidi100", calls_max=CALLS_MAX, unavailable=TraceUnavailable)

_STATES: Mapping[str, str] = {
    "0": "in_transit",
    "1": "collected",
    "2": "trouble",
    "3": "delivered",
    "4": "returned",
    "5": "delivering",
    "6": "returning",
    # Handed to another carrier, and the customs' four.
    **dict.fromkeys(["7", "8", "10", "11", "12"], "in_transit"),
    **dict.fromkeys(["13", "14"], "trouble"),
}
# Nothing is written of it yet, or not for this phone: an answer, too.
_UNKNOWN = ("500", "408")


def trace_ask(*, carrier: str, tracking_no: str, phone: str) -> Trace | None:
    """Return a parcel's trace; None for what Kuaidi100 can't know.

    Raises: TraceUnavailable, TraceRefused; RuntimeError, in a transaction.
    """
    if carrier not in CARRIERS or len(tracking_no) not in _NUMBER_LENGTHS:
        return None
    asked = {"com": CARRIERS[carrier], "num": tracking_no}
    if carrier in _WITH_PHONE and phone:
        asked["phone"] = phone
    return _trace(_call(json.dumps(asked)))


def _call(param: str) -> dict[str, Any]:
    """Send one signed question and return the JSON object that comes back.

    Of a failure the class alone is told: its text may name the parcel.

    Raises: TraceUnavailable; RuntimeError, in a transaction.
    """
    form = {
        "customer": settings.KUAIDI100_CUSTOMER,
        "sign": _sign(param),
        "param": param,
    }
    with calling(_PATH, _KUAIDI100) as call:
        try:
            status, raw = in_time(lambda: _sent(form), sum(TIMEOUT_SECONDS))
            reply = json.loads(raw)
            if status < 500 and isinstance(reply, dict):
                call.outcome = "ok" if _is_trace(reply) else "refused"
                return reply
            failure = f"HTTP {status}"
        except (OSError, ValueError, RecursionError) as error:
            failure = type(error).__name__
        logger.warning("Kuaidi100: %s", failure)
        raise TraceUnavailable


def _sign(param: str) -> str:
    text = param + settings.KUAIDI100_KEY + settings.KUAIDI100_CUSTOMER
    # No secret rests on it but theirs, and they ask for it.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def _sent(form: Mapping[str, str]) -> tuple[int, bytes]:
    with requests.post(
        settings.KUAIDI100_BASE + _PATH,
        data=form,
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
        stream=True,
    ) as response:
        return response.status_code, reply_read(response, REPLY_MAX_BYTES)


def _is_trace(reply: Mapping[str, Any]) -> bool:
    return reply.get("status") == "200" and isinstance(reply.get("data"), list)


def _trace(reply: Mapping[str, Any]) -> Trace:
    """Raises: TraceRefused."""
    if _is_trace(reply):
        steps = sorted(_steps(reply["data"]), key=lambda step: step.at, reverse=True)
        return Trace(_STATES.get(str(reply.get("state")), ""), steps)
    code = str(reply.get("returnCode"))
    if code in _UNKNOWN:
        return Trace()
    # Wrong keys, an account that has run out, a number that is locked. Not its text.
    logger.error("Kuaidi100 answers returnCode %.20r", code)
    raise TraceRefused


def _steps(rows: list[Any]) -> Iterator[TraceStep]:
    """Yield what is whole of the rows."""
    for row in rows[:STEPS_MAX]:
        if not isinstance(row, dict):
            continue
        at, text = _moment(row.get("ftime")), row.get("context")
        if at and isinstance(text, str):
            yield TraceStep(at, plain_text(text[:STEP_TEXT_MAX]).strip())


def _moment(text: Any) -> datetime | None:
    """Read a moment, which is written in China's time."""
    try:
        written = datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - made aware
    except ValueError:
        return None
    return timezone.make_aware(written)
