"""Which staff may touch which staff account.

Superusers grant any right. Others, with the permission to change staff, may rename an
account, set its password and deactivate it, as long as it has no right that they lack:
whoever sets a password can log in with it. With the permission to assign, they give and
take roles, the groups, that hold no right which they lack, never to themselves.
"""

from collections.abc import Collection

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.errors import AccountStateChanged
from accounts.locks import users_lock
from accounts.models import User
from accounts.services.history import STAFF
from shop.errors import Forbidden
from shop.history import history_kept


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


def roles_on_offer(*, actor: User) -> QuerySet[Group]:
    """Return the groups that hold no right which the actor lacks."""
    if actor.is_superuser:
        return Group.objects.all()
    beyond = Permission.objects.exclude(pk__in=_rights(actor))
    return Group.objects.exclude(permissions__in=beyond)


@transaction.atomic
def staff_roles_set(
    *,
    actor_id: int,
    user_id: int,
    roles: Collection[int],
    seen: Collection[int],
) -> list[Group]:
    """Give a staff account these groups, instead of those that the page showed.

    Locks: both accounts, then the groups that are given or taken: one that somebody
    widens at this moment is either seen so here, or widened for whoever has it.
    Raises: Forbidden, AccountStateChanged when the account has other groups by now.
    """
    actor, account = staff_lock(actor_id=actor_id, user_id=user_id)
    if actor_id == user_id:
        raise Forbidden("不能给自己分配角色")
    if not actor.has_perm("accounts.assign_staff"):
        raise Forbidden
    held = set(account.groups.values_list("pk", flat=True))
    if held != set(seen):
        raise AccountStateChanged
    moved = held ^ set(roles)
    locked = Group.objects.select_for_update(no_key=True).order_by("pk")
    # Waited for before what they hold is looked at.
    list(locked.filter(pk__in=moved).values("pk"))
    if roles_on_offer(actor=actor).filter(pk__in=moved).count() != len(moved):
        raise Forbidden("不能分配您自己没有的权限")
    with history_kept(STAFF, keys=[user_id], operator_id=actor_id):
        account.groups.set(roles)
    return list(account.groups.order_by("pk"))


def _rights(user: User) -> QuerySet[Permission]:
    """Return what was granted, also to a deactivated account."""
    return Permission.objects.filter(Q(user=user) | Q(group__user=user))
