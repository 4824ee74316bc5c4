"""Sessions: opened by a login, refreshed, ended, flushed."""

from dataclasses import dataclass, field
from uuid import uuid4

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session as AdminSession
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q
from django.utils import timezone

from accounts.errors import TokenInvalid, UserNotFound
from accounts.models import Session, User
from accounts.tokens import Claims, TokenPair, pair_make, refresh_read
from shop.statements import rows_fetch

# Sent with each request of a shopper. Every column by its name: a migration may add
# one, and a plan that is kept must not change what it returns.
_FIELDS = [field.attname for field in User._meta.concrete_fields]
_SESSION_USER = """
SELECT session.id IS NOT NULL AND session.ended_at IS NULL, {columns}
FROM accounts_user AS person
LEFT JOIN accounts_session AS session
    ON session.id = %s AND session.user_id = person.id
WHERE person.id = %s
""".format(
    columns=", ".join(
        f'person."{field.column}"' for field in User._meta.concrete_fields
    )
)


@dataclass(frozen=True)
class Tokens:
    """What a client gets; the access token dies after `expires_in_seconds`."""

    token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int


def session_open(*, user: User) -> Tokens:
    """Log a user in on one more device."""
    session_id = uuid4()
    pair = pair_make(user=user, session_id=session_id, now=timezone.now())
    Session.objects.create(
        id=session_id,
        user=user,
        refresh_jti=pair.refresh_jti,
        expires_at=pair.refresh_expires_at,
    )
    return _tokens(pair)


def session_user(*, claims: Claims) -> User:
    """Return the user whose session a token names, in one statement.

    Raises: UserNotFound, TokenInvalid when the session has ended.
    """
    found = rows_fetch(_SESSION_USER, [claims.session_id, claims.user_id])
    if not found:
        raise UserNotFound
    is_open, *values = found[0]
    user: User = User.from_db(DEFAULT_DB_ALIAS, _FIELDS, values)
    if not user.is_active:
        raise UserNotFound
    if not is_open:
        raise TokenInvalid
    return user


def session_refresh(*, refresh_token: str) -> Tokens:
    """Exchange a refresh token for a new pair, once.

    Each refresh starts the session's lifetime anew: who comes back in time stays
    logged in.

    Raises: TokenExpired, TokenInvalid (also for one that is spent), UserNotFound.
    """
    claims = refresh_read(refresh_token)
    user = session_user(claims=claims)
    pair = pair_make(user=user, session_id=claims.session_id, now=timezone.now())
    # A filter on this row's own columns alone: PostgreSQL checks those again for the
    # second of two that come at once, which it would not do for a joined table.
    spent = Session.objects.filter(
        pk=claims.session_id, refresh_jti=claims.jti, ended_at=None
    ).update(refresh_jti=pair.refresh_jti, expires_at=pair.refresh_expires_at)
    if spent != 1:
        raise TokenInvalid
    return _tokens(pair)


def session_end(*, refresh_token: str) -> None:
    """End the session that a refresh token names; ending it again changes nothing.

    The token is its own proof. One that was spent still names its session, so a client
    that missed the answer to a refresh can log out.

    Raises: TokenExpired, TokenInvalid.
    """
    claims = refresh_read(refresh_token)
    _end(Q(pk=claims.session_id, user_id=claims.user_id))


def sessions_end_all(*, user_id: int) -> None:
    """End every session of a user, and with them all access tokens."""
    _end(Q(user_id=user_id))


def admin_sessions_end(*, user_id: int) -> None:
    """End every session of staff in the admin.

    Only staff who have logged in have one, so looking through all is quick.
    """
    for row in AdminSession.objects.filter(expire_date__gt=timezone.now()):
        if row.get_decoded().get(SESSION_KEY) == str(user_id):
            row.delete()


def _end(which: Q) -> None:
    Session.objects.filter(which, ended_at=None).update(ended_at=timezone.now())


def _tokens(pair: TokenPair) -> Tokens:
    return Tokens(
        token=pair.access,
        refresh_token=pair.refresh,
        expires_in_seconds=pair.expires_in_seconds,
    )
