"""A person's own record: changed, exported, erased."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts.errors import UserNotFound
from accounts.locks import user_lock
from accounts.models import Address, Shopper, User
from accounts.services.sessions import sessions_end_all
from accounts.services.uploads import uploads_erase
from shop.api.images import image_store, image_url
from shop.wechat.miniprogram import phone_number

# Each file in this folder belongs to the one user who uploaded it, and goes with it.
AVATAR_FOLDER = "avatars"


@transaction.atomic
def user_update(*, user_id: int, **changes: str) -> User:
    """Change nickname, avatar or phone: what is given, nothing else.

    Locks: the user. Raises: UserNotFound.
    """
    user = user_lock(user_id=user_id)
    if "avatar" in changes and changes["avatar"] != user.avatar:
        _avatar_delete(user.avatar)
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=[*changes, "updated_at"])
    return user


def user_phone_bind(*, user_id: int, code: str) -> User:
    """Store the number behind a code of the phone button.

    Calls WeChat: not inside a transaction.

    Raises: UserNotFound, and what phone_number() raises.
    """
    return user_update(user_id=user_id, phone=phone_number(code))


def user_avatar_upload(*, user_id: int, upload: Any) -> User:
    """Store a picture and make it the avatar; the uploaded one before is deleted.

    Raises: UserNotFound, and what image_store() raises.
    """
    name = image_store(upload, folder=AVATAR_FOLDER)
    try:
        return user_update(user_id=user_id, avatar=name)
    except UserNotFound:
        default_storage.delete(name)
        raise


def user_export(*, user: User) -> dict[str, Any]:
    """Return what accounts keep about a shopper, ready for JSON.

    The session key and the tokens stay out: they are keys, not facts.
    """
    return {
        "account": {
            "id": user.pk,
            "openid": user.openid,
            "nickname": user.nickname,
            "avatar": image_url(user.avatar),
            "phone": user.phone,
            "createdAt": _time(user.created_at),
            "updatedAt": _time(user.updated_at),
        },
        "addresses": [
            {
                "id": address.pk,
                "name": address.name,
                "phone": address.phone,
                "province": address.province,
                "city": address.city,
                "district": address.district,
                "detail": address.detail,
                "isDefault": address.is_default,
                "createdAt": _time(address.created_at),
                "updatedAt": _time(address.updated_at),
            }
            for address in user.addresses.order_by("pk")
        ],
        "uploads": [
            {"url": image_url(upload.file), "createdAt": _time(upload.created_at)}
            for upload in user.uploads.order_by("pk")
        ],
        "sessions": [
            {
                "createdAt": _time(session.created_at),
                "expiresAt": _time(session.expires_at),
                "endedAt": _time(session.ended_at),
            }
            for session in user.sessions.order_by("created_at")
        ],
    }


def user_erase(*, user_id: int, kept_uploads: Collection[str] = ()) -> None:
    """Erase a shopper's personal data; the row stays, for orders name it.

    The files of `kept_uploads` (storage names) stay, because others show them.
    Runs inside the caller's transaction. The same WeChat account may come again, as a
    new shopper. Locks: the user. Raises: UserNotFound.
    """
    user = user_lock(user_id=user_id)
    _avatar_delete(user.avatar)
    user.openid = None
    user.session_key_encrypted = ""
    user.nickname = user.avatar = user.phone = ""
    user.is_active = False
    user.inactive_reason = ""
    user.deleted_at = timezone.now()
    user.save()
    Address.objects.filter(user_id=user_id).delete()
    uploads_erase(user_id=user_id, kept=kept_uploads)
    sessions_end_all(user_id=user_id)
    _desk_forget(user_id)


def _desk_forget(user_id: int) -> None:
    """Take the name, and what staff have written, out of the admin's history."""
    shoppers = ContentType.objects.get_for_model(Shopper, for_concrete_model=False)
    entries = LogEntry.objects.filter(content_type=shoppers, object_id=str(user_id))
    entries.update(object_repr="", change_message="")


def _avatar_delete(name: str) -> None:
    """Delete an uploaded avatar's file once the change is committed."""
    if name.startswith(f"{AVATAR_FOLDER}/"):
        # Robust: the record is right without it, and the failure is logged.
        transaction.on_commit(lambda: default_storage.delete(name), robust=True)


def _time(value: datetime | None) -> str | None:
    if value is None:
        return None
    return timezone.localtime(value).isoformat(timespec="seconds")
