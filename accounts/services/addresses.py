"""The address book: at most twenty, at most one of them the default.

The first address becomes the default. Deleting the default, or unsetting it, leaves
none: goods must not go to an address that nobody chose.
"""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.errors import AddressLimit
from accounts.locks import user_lock
from accounts.models import Address
from shop.errors import NotFound

ADDRESSES_MAX = 20


def address_list(*, user_id: int) -> QuerySet[Address]:
    """Return a shopper's addresses: the default first, then the newest."""
    return Address.objects.filter(user_id=user_id).order_by("-is_default", "-pk")


def address_get(*, user_id: int, address_id: int) -> Address:
    """Return a shopper's own address.

    Raises: NotFound, for somebody else's as for none.
    """
    address = Address.objects.filter(user_id=user_id, pk=address_id).first()
    if address is None:
        raise NotFound
    return address


@transaction.atomic
def address_create(*, user_id: int, fields: dict[str, Any]) -> Address:
    """Add an address; one that is there already, as after a double tap, stays one.

    Locks: the user. Raises: AddressLimit, UserNotFound.
    """
    user_lock(user_id=user_id)
    book = Address.objects.filter(user_id=user_id)
    text = {name: fields[name] for name in fields if name != "is_default"}
    if twin := book.filter(**text).first():
        # Only what was ticked: the first became the default without.
        changes = {"is_default": True} if fields.get("is_default") else {}
        return address_update(user_id=user_id, address_id=twin.pk, changes=changes)
    count = book.count()
    if count >= ADDRESSES_MAX:
        raise AddressLimit
    is_default = count == 0 or fields.get("is_default", False)
    if is_default:
        _default_unset(user_id)
    return Address.objects.create(
        user_id=user_id, **{**fields, "is_default": is_default}
    )


@transaction.atomic
def address_update(
    *, user_id: int, address_id: int, changes: dict[str, Any]
) -> Address:
    """Change the given fields of an address.

    Locks: the user. Raises: NotFound, UserNotFound.
    """
    user_lock(user_id=user_id)
    address = address_get(user_id=user_id, address_id=address_id)
    if changes.get("is_default"):
        _default_unset(user_id)
    for name, value in changes.items():
        setattr(address, name, value)
    address.save(update_fields=[*changes, "updated_at"])
    return address


@transaction.atomic
def address_delete(*, user_id: int, address_id: int) -> None:
    """Delete an address; orders keep their own copy.

    Locks: the user. Raises: NotFound, UserNotFound.
    """
    user_lock(user_id=user_id)
    address_get(user_id=user_id, address_id=address_id).delete()


def _default_unset(user_id: int) -> None:
    Address.objects.filter(user_id=user_id, is_default=True).update(is_default=False)
