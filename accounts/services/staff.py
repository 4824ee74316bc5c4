"""Staff accounts."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services.history import STAFF
from accounts.services.rights import staff_lock
from accounts.services.sessions import sessions_end_all
from shop.errors import Forbidden, Invalid
from shop.history import history_begin, history_kept

# What only superusers grant; roles are given apart.
RIGHTS = {"is_superuser", "user_permissions"}
# What the form of an account changes in its own row.
COLUMNS = {"username", "is_superuser"}


@transaction.atomic
def staff_password_set(*, actor_id: int, user_id: int, password: str) -> User:
    """Give a staff account a password that Django's validators have seen.

    It ends the account's sessions, those of the admin too: they hold a hash of it.

    Locks: both. Raises: Forbidden.
    """
    _, account = staff_lock(actor_id=actor_id, user_id=user_id)
    account.set_password(password)
    account.save(update_fields=["password", "updated_at"])
    sessions_end_all(user_id=user_id)
    return account


@transaction.atomic
def staff_add(*, account: User, actor_id: int | None = None) -> None:
    """Write a new staff account; it has no rights until somebody grants some.

    Raises: Invalid, when a twin was quicker with the name.
    """
    account.is_staff = True
    try:
        account.save()
    except IntegrityError:
        raise Invalid.field("username", "用户名已存在") from None
    history_begin(STAFF, keys=[account.pk], operator_id=actor_id)


@transaction.atomic
def staff_change(
    *,
    actor_id: int,
    account: User,
    changed: Collection[str],
    values: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write the changed fields of an edited staff account, and no other.

    A form that was loaded a moment ago must not write an old password, or let in again
    who was deactivated since. `values` has the new permissions.

    Locks: both. Raises: Forbidden.
    """
    actor, _ = staff_lock(actor_id=actor_id, user_id=account.pk)
    if RIGHTS.intersection(changed) and not actor.is_superuser:
        raise Forbidden("只有超级管理员可以分配权限")
    if "is_superuser" in changed and actor_id == account.pk:
        raise Forbidden("不能取消自己的超级管理员身份")
    columns = COLUMNS.intersection(changed)
    with history_kept(STAFF, keys=[account.pk], operator_id=actor_id):
        account.save(update_fields=[*columns, "updated_at"])
        if "user_permissions" in changed:
            account.user_permissions.set(values["user_permissions"])


@transaction.atomic
def staff_set(*, username: str, password: str, is_superuser: bool) -> bool:
    """Make a staff account or set its password; return whether it is new.

    A changed password ends the account's sessions. Neither takes `is_superuser` away,
    nor lets a deactivated account in again.

    Raises: Django's ValidationError, when the name or the password will not do.
    """
    if not username:
        raise ValidationError("the name is empty")
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        user = User(username=username, is_staff=True, is_superuser=is_superuser)
        validate_password(password, user)
        user.set_password(password)
        user.full_clean()
        user.save()
        history_begin(STAFF, keys=[user.pk], operator_id=None)
        return True
    if not user.check_password(password):
        validate_password(password, user)
        user.set_password(password)
        sessions_end_all(user_id=user.pk)
    user.is_superuser = user.is_superuser or is_superuser
    with history_kept(STAFF, keys=[user.pk], operator_id=None):
        user.save()
    return False
