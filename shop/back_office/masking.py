"""Shoppers' names, phones and addresses, masked for staff who need not know them."""

from typing import Any, Protocol

from django.http import HttpRequest

# Of accounts.Shopper, which this package does not know.
REVEAL = "accounts.reveal_shopper"
_HIDDEN = "***"
_NOTHING = "—"


class Place(Protocol):
    """What an address of the book and an order's own copy have in common."""

    province: Any
    city: Any
    district: Any
    detail: Any


def shows_people(request: HttpRequest) -> bool:
    """Say whether who asks may read names, phones and addresses whole."""
    return request.user.has_perm(REVEAL)


def name_shown(request: HttpRequest, name: str) -> str:
    return name if shows_people(request) else name_masked(name)


def phone_shown(request: HttpRequest, phone: str) -> str:
    return phone if shows_people(request) else phone_masked(phone)


def address_shown(request: HttpRequest, place: Place) -> str:
    """Return where somebody lives, down to the door for those who may read it."""
    return address_whole(place) if shows_people(request) else address_masked(place)


def name_masked(name: str) -> str:
    """Return 张**, whose length tells nothing of the name's."""
    return f"{name[0]}**" if name else _NOTHING


def phone_masked(phone: str) -> str:
    """Return 138****8000; of what is too short for that, nothing."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else _NOTHING


def address_whole(place: Place) -> str:
    return f"{place.province}{place.city}{place.district}{place.detail}"


def address_masked(place: Place) -> str:
    """Return the district: enough for freight and figures, no door to knock at."""
    return f"{place.province}{place.city}{place.district}{_HIDDEN}"


def detail_masked(detail: str) -> str:
    """Return that there is a detail of an address, and no more."""
    return _HIDDEN if detail else _NOTHING
