"""Who is let in: shoppers and staff deactivated, and let in again."""

from django.db import transaction

from accounts.errors import AccountStateChanged
from accounts.locks import users_lock
from accounts.models import User
from accounts.services.history import STAFF
from accounts.services.rights import staff_lock
from accounts.services.sessions import admin_sessions_end, sessions_end_all
from shop.errors import Forbidden
from shop.history import history_kept


@transaction.atomic
def user_deactivate(*, user_id: int, reason: str) -> None:
    """Shut a shopper out; their tokens are dead at once, their orders go on.

    Locks: the user. Raises: AccountStateChanged.
    """
    _deactivate(_lock_shopper(user_id), reason)


@transaction.atomic
def user_activate(*, user_id: int) -> None:
    """Let a deactivated shopper log in again, never a deleted one.

    Locks: the user. Raises: AccountStateChanged.
    """
    _activate(_lock_shopper(user_id))


@transaction.atomic
def staff_deactivate(*, actor_id: int, user_id: int, reason: str) -> None:
    """Shut staff out of the API and the admin at once.

    Nobody can do it to themselves, so one who may let others in again remains.

    Locks: both. Raises: AccountStateChanged, Forbidden.
    """
    _, account = staff_lock(actor_id=actor_id, user_id=user_id)
    if actor_id == user_id:
        raise Forbidden("不能停用自己的账号")
    with history_kept(STAFF, keys=[user_id], operator_id=actor_id):
        _deactivate(account, reason)
    admin_sessions_end(user_id=user_id)


@transaction.atomic
def staff_activate(*, actor_id: int, user_id: int) -> None:
    """Let deactivated staff log in again.

    Locks: both. Raises: AccountStateChanged, Forbidden.
    """
    _, account = staff_lock(actor_id=actor_id, user_id=user_id)
    with history_kept(STAFF, keys=[user_id], operator_id=actor_id):
        _activate(account)


def _lock_shopper(user_id: int) -> User:
    user = users_lock(user_ids=[user_id]).get(user_id)
    if user is None or user.is_staff:
        raise AccountStateChanged
    return user


def _deactivate(user: User, reason: str) -> None:
    if not user.is_active:
        raise AccountStateChanged
    user.is_active = False
    user.inactive_reason = reason
    user.save(update_fields=["is_active", "inactive_reason", "updated_at"])
    sessions_end_all(user_id=user.pk)


def _activate(user: User) -> None:
    if user.is_active or user.deleted_at is not None:
        raise AccountStateChanged
    user.is_active = True
    user.inactive_reason = ""
    user.save(update_fields=["is_active", "inactive_reason", "updated_at"])
