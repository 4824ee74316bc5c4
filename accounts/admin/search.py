"""What the back office's search box finds among shoppers."""

import re
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from accounts.models import Shopper
from shop.back_office.masking import phone_masked, shows_people
from shop.back_office.search import FOUND_MAX

_PHONE = re.compile(r"1[3-9][0-9]{5,9}")
_PHONE_LENGTH = 11


def shoppers_found(request: HttpRequest, word: str) -> list[SearchResult]:
    """Find shoppers by phone, or by how their nickname begins.

    By phone only for who may read it: the digits behind the stars are soon tried.
    """
    if not request.user.has_perm("accounts.view_shopper"):
        return []
    rows = _shoppers(word, shows_people(request)).order_by("-pk")[:FOUND_MAX]
    return [_shown(shopper) for shopper in rows]


def _shoppers(word: str, is_shown: bool) -> Any:
    shoppers = Shopper.objects.filter(is_staff=False)
    if not _PHONE.fullmatch(word):
        # Numbers are looked for everywhere, and are nobody's name.
        if len(word) < 2 or word.isdigit():
            return shoppers.none()
        return shoppers.filter(nickname__startswith=word)
    if not is_shown:
        return shoppers.none()
    if len(word) == _PHONE_LENGTH:
        return shoppers.filter(phone=word)
    return shoppers.filter(phone__startswith=word)


def _shown(shopper: Shopper) -> SearchResult:
    return SearchResult(
        title=str(shopper),
        # As in the list, which is read over many shoulders.
        description=f"用户 · {phone_masked(shopper.phone)}",
        link=reverse("admin:accounts_shopper_change", args=[shopper.pk]),
        icon="person",
    )
