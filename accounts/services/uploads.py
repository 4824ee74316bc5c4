"""Pictures that people send before what they belong to."""

from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import Upload
from shop.api.images import image_store


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


def uploads_erase(*, user_id: int) -> None:
    """Delete what a person has sent: the rows now, the files after the commit."""
    uploads = Upload.objects.filter(user_id=user_id)
    for name in uploads.values_list("file", flat=True):
        # Robust: the records are right without it, and the failure is logged.
        transaction.on_commit(
            lambda name=name: default_storage.delete(name),  # type: ignore[misc]
            robust=True,
        )
    uploads.delete()
