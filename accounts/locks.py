"""The locks of this app: a person's row stands for all that is theirs."""

from collections.abc import Iterable

from django.db import connection

from accounts.errors import UserNotFound
from accounts.models import User


def user_lock(*, user_id: int) -> User:
    """Lock a user until the transaction ends, and return it as it is now.

    FOR NO KEY UPDATE: orders that name the user are not held up.

    Raises: UserNotFound, when the user was deleted or deactivated meanwhile.
    """
    found = User.objects.select_for_update(no_key=True, of=("self",))
    user = found.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise UserNotFound
    return user


def user_lock_alone(*, user_id: int) -> None:
    """Lock a user against everything that would name them, until the transaction ends.

    FOR UPDATE: an order that is being placed waits, or is waited for.
    """
    list(User.objects.select_for_update(of=("self",)).filter(pk=user_id).values("pk"))


def shopper_hold(user_id: int) -> bool:
    """Keep a shopper from being deleted until the transaction ends; are they there?

    Nobody is waited for: whoever is being deleted at this moment is gone.
    """
    query = (
        "SELECT FROM accounts_user WHERE id = %s AND is_active AND openid IS NOT NULL"
        " FOR KEY SHARE SKIP LOCKED"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [user_id])
        return bool(cursor.rowcount)


def users_lock(*, user_ids: Iterable[int]) -> dict[int, User]:
    """Lock users in primary-key order, whatever their state, and return them by id.

    FOR NO KEY UPDATE, as user_lock().
    """
    rows = User.objects.select_for_update(no_key=True, of=("self",))
    return {row.pk: row for row in rows.filter(pk__in=set(user_ids)).order_by("pk")}
