"""Shoppers with tokens for load tests; a shop that is open has no use for them."""

from collections.abc import Iterator

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import Session, User
from accounts.tokens import pair_make

BATCH = 1_000


def shoppers_mint(*, count: int) -> Iterator[str]:
    """Log shoppers 1 to `count` in; yield the access token of each.

    The same shoppers each time, with a new session.
    """
    for first in range(1, count + 1, BATCH):
        numbers = range(first, min(first + BATCH, count + 1))
        openids = [f"load-{number:07}" for number in numbers]
        yield from _tokens(_shoppers(openids))


def _shoppers(openids: list[str]) -> list[User]:
    User.objects.bulk_create(
        (User(openid=openid, password=make_password(None)) for openid in openids),
        ignore_conflicts=True,
    )
    return list(User.objects.filter(openid__in=openids).order_by("openid"))


def _tokens(shoppers: list[User]) -> list[str]:
    now = timezone.now()
    sessions, tokens = [], []
    for user in shoppers:
        session = Session(user=user)
        pair = pair_make(user=user, session_id=session.pk, now=now)
        session.refresh_jti = pair.refresh_jti
        session.expires_at = pair.refresh_expires_at
        sessions.append(session)
        tokens.append(pair.access)
    Session.objects.bulk_create(sessions)
    return tokens
