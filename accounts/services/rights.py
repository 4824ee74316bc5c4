"""Which staff may touch which staff account.

Only superusers grant rights. Others, with the permission to change staff, may rename an
account, set its password and deactivate it, as long as it has no right that they lack:
whoever sets a password can log in with it.
"""

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from accounts.locks import users_lock
from accounts.models import User
from shop.errors import Forbidden


def staff_is_within(*, actor: User, account: User) -> bool:
    """Say whether an account has no right that the actor lacks."""
    if actor.is_superuser:
        return True
    if account.is_superuser:
        return False
    return not _rights(account).exclude(pk__in=_rights(actor)).exists()


def staff_lock(*, actor_id: int, user_id: int) -> tuple[User, User]:
    """Lock who acts and the staff account, and return both as they are now.

    Both, so that of two superusers who shut each other out at once one remains.

    Raises: Forbidden.
    """
    rows = users_lock(user_ids=[actor_id, user_id])
    actor, account = rows.get(actor_id), rows.get(user_id)
    if actor is None or account is None or not account.is_staff:
        raise Forbidden
    if not actor.is_active or not actor.is_staff:
        raise Forbidden
    if not staff_is_within(actor=actor, account=account):
        raise Forbidden("该账号拥有您没有的权限,不能修改")
    return actor, account


def _rights(user: User) -> QuerySet[Permission]:
    """Return what was granted, also to a deactivated account."""
    return Permission.objects.filter(Q(user=user) | Q(group__user=user))
