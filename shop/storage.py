"""Pictures in S3-compatible storage. Loaded, and boto3 with it, only when it is set."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage

from shop.errors import ServiceUnavailable

logger = logging.getLogger(__name__)

_connecting = threading.Lock()


def client_config() -> Config:
    """Return how boto3 speaks: soon tired, and without what only AWS understands."""
    return Config(
        connect_timeout=settings.S3_TIMEOUT_SECONDS,
        read_timeout=settings.S3_TIMEOUT_SECONDS,
        retries={"total_max_attempts": 2, "mode": "standard"},
        signature_version="s3v4",
        s3={"addressing_style": settings.S3_ADDRESSING_STYLE},
        # The checksums of newer boto3 are refused by other makes of storage.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


class PictureStorage(S3Storage):
    """A bucket whose pictures anybody may read at S3_PUBLIC_URL.

    Which of them is public is the bucket's own policy: no ACL is sent.
    """

    def __init__(self, **options: Any) -> None:
        scheme, _, place = settings.S3_PUBLIC_URL.partition("//")
        super().__init__(
            bucket_name=settings.S3_BUCKET,
            endpoint_url=settings.S3_ENDPOINT_URL or None,
            region_name=settings.S3_REGION,
            access_key=settings.S3_ACCESS_KEY_ID,
            secret_key=settings.S3_SECRET_ACCESS_KEY,
            url_protocol=scheme,
            custom_domain=place,
            client_config=client_config(),
            querystring_auth=False,
            file_overwrite=False,
            default_acl=None,
            # Names are random and never used again.
            object_parameters={"CacheControl": "public, max-age=31536000, immutable"},
            **options,
        )
        self._shared: Any = None

    @property
    def connection(self) -> Any:
        """Return one connection for all threads; one for each took 13 MB (measured).

        Only its client and what it makes of a name are used, which threads may share.
        """
        with _connecting:
            if self._shared is None:
                self._shared = super().connection
        return self._shared

    def exists(self, name: str) -> bool:
        """Ask for an object's head.

        Raises: ServiceUnavailable, as all here do.
        """
        with _refusing():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        """Delete an object; one that is gone is no error."""
        with _refusing():
            super().delete(name)

    def _save(self, name: str, content: Any) -> str:
        with _refusing():
            return str(super()._save(name, content))


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn a storage that is away, or that refuses our key, into our error."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        # Its text holds no key, but addresses and names: for the log alone.
        logger.error("S3 storage: %s", error)
        raise ServiceUnavailable(retry_after_seconds=5) from None
