"""Pictures that people send before what they belong to."""

from collections.abc import Collection
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import Upload
from shop.api.images import image_store
from shop.errors import Invalid


def upload_store(*, user_id: int, upload: Any) -> str:
    """Store a picture and who sent it; return its storage name.

    A process that dies in between leaves a file that nobody can name.

    Raises: what image_store() raises.
    """
    name = image_store(upload)
    try:
        Upload.objects.create(user_id=user_id, file=name)
    except Exception:
        default_storage.delete(name)
        raise
    return name


def upload_names(*, user_id: int) -> set[str]:
    """Return the storage names of what a person has sent."""
    uploads = Upload.objects.filter(user_id=user_id)
    return set(uploads.values_list("file", flat=True))


def uploads_require(*, user_id: int, names: Collection[str]) -> None:
    """Let somebody show what they have sent themselves, and nothing else.

    Raises: Invalid.
    """
    if names and not upload_names(user_id=user_id).issuperset(names):
        raise Invalid.field("images", "图片地址无效,请先上传图片")


def uploads_erase(*, user_id: int, kept: Collection[str]) -> None:
    """Delete what a person has sent: the rows now, the files after the commit.

    The files in `kept` stay: others show them, and nothing says any more whose they
    were.
    """
    for name in upload_names(user_id=user_id).difference(kept):
        # Robust: the records are right without it, and the failure is logged.
        transaction.on_commit(
            lambda name=name: default_storage.delete(name),  # type: ignore[misc]
            robust=True,
        )
    Upload.objects.filter(user_id=user_id).delete()
