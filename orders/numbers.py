"""Numbers that people and WeChat see."""

import re
import secrets
from datetime import datetime

from django.utils import timezone

# No I, L, O, U: nobody misreads a number on the phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TAIL_LENGTH = 5
_ATTEMPT = re.compile(r"T[0-9]{2,}\Z")


def order_no_make(*, user_id: int, now: datetime) -> str:
    """Return 24 characters: milliseconds, an unguessable tail, digits of the user.

    Two orders of one shopper in one millisecond share a number once in 33 million;
    the constraint refuses the second.
    """
    # 256 is eight times the length of the alphabet: each letter is as likely.
    tail = "".join(_ALPHABET[byte % 32] for byte in secrets.token_bytes(_TAIL_LENGTH))
    return f"{order_no_clock(now)}{tail}{user_id % 10_000:04d}"


def order_no_clock(now: datetime) -> str:
    """Return how the numbers of a millisecond begin; earlier ones sort before it."""
    local = timezone.localtime(now)
    return f"{local:%y%m%d%H%M%S}{local.microsecond // 1000:03d}"


def out_trade_no_make(*, order_no: str, attempt: int) -> str:
    """Return the number of a payment attempt: 6 to 32 letters and digits.

    The attempt counts from 1. It is not the order's number, for WeChat never lets a
    number be used again with other parameters.
    """
    return f"{order_no}P{attempt:03d}"


def refund_no_make(*, user_id: int, now: datetime) -> str:
    """Return the number of a refund, 25 characters, made as an order's is."""
    return f"R{order_no_make(user_id=user_id, now=now)}"


def out_refund_no_make(*, refund_no: str, attempt: int) -> str:
    """Return WeChat's number of an attempt to refund; it counts from 1."""
    return f"{refund_no}T{attempt:02d}"


def refund_no_of(out_refund_no: str) -> str:
    """Return the number of the refund that an attempt belongs to."""
    return _ATTEMPT.sub("", out_refund_no)
