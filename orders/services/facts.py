"""Reading what WeChat states of money."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User

# Who paid, and the bank account that a refund went to.
PERSONAL = ("payer", "user_received_account")


def amount_stated(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the amounts, in fen by their names; none when there are none."""
    amount = facts.get("amount")
    return amount if isinstance(amount, Mapping) else {}


def first_difference(pairs: Mapping[str, tuple[Any, Any]]) -> str | None:
    """Name the first of what was said and asked that is not the same."""
    for name, (said, asked) in pairs.items():
        # `True == 1` and `1.0 == 1`: an amount is an int or it is wrong.
        if type(said) is not type(asked) or said != asked:
            return name
    return None


def success_time(facts: Mapping[str, Any]) -> datetime | None:
    """Return when the money arrived, if WeChat says so in a way that can be read."""
    try:
        moment = parse_datetime(str(facts.get("success_time")))
    except ValueError:
        return None
    return moment if moment and timezone.is_aware(moment) else None


def facts_kept(facts: Mapping[str, Any], user: User) -> dict[str, Any]:
    """Return what may be kept of facts: of a shopper who is gone, nothing personal."""
    return dict(facts) if user.deleted_at is None else facts_unnamed(facts)


def facts_unnamed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts without whose they are."""
    return {name: value for name, value in facts.items() if name not in PERSONAL}
