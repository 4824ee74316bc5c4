"""Templates of subscribe messages: which of the shop's facts fill which fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# A field is a type and a number: thing3.
_FIELD = re.compile(r"([a-z_]+)[0-9]{1,3}")
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
# What each fact can be told in. A number of an order is too long for a thing.
_TYPES: Mapping[str, tuple[str, ...]] = {
    "order_no": ("character_string",),
    "refund_no": ("character_string",),
    "tracking_no": ("character_string",),
    "carrier": ("thing",),
    "goods": ("thing",),
    "amount": ("amount",),
    "status": ("phrase",),
    "time": ("time", "date"),
}
_ALWAYS = ("order_no", "goods", "amount", "status", "time")
EVENTS: Mapping[str, tuple[str, ...]] = {
    "paid": _ALWAYS,
    "shipped": (*_ALWAYS, "carrier", "tracking_no"),
    "refunded": (*_ALWAYS, "refund_no"),
    "agreed": (*_ALWAYS, "refund_no"),
    "rejected": (*_ALWAYS, "refund_no"),
}


@dataclass(frozen=True)
class Template:
    """A template's id, and the fact that each of its fields is filled with."""

    id: str
    fields: Mapping[str, str]


def template_read(event: str, text: str) -> Template:
    """Read `<id> fact=field fact=field …` of an event.

    Raises: ValueError, which says what is wrong without repeating the text.
    """
    template_id, *pairs = text.split()
    if not _ID.fullmatch(template_id):
        raise ValueError("must begin with the template's id")
    fields: dict[str, str] = {}
    for pair in pairs:
        fact, _, field = pair.partition("=")
        if fact not in EVENTS[event]:
            raise ValueError(f"knows the facts {', '.join(EVENTS[event])}")
        kind = _FIELD.fullmatch(field)
        if kind is None or kind[1] not in _TYPES[fact]:
            raise ValueError(f"{fact} needs a field like {_TYPES[fact][0]}1")
        if field in fields:
            raise ValueError(f"{fact} needs a field of its own")
        fields[field] = fact
    if not fields:
        raise ValueError("must fill a field at least, like order_no=character_string1")
    return Template(template_id, fields)
