"""Pictures on a disk of ours, which may be full."""

import errno
import logging
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage
from psycopg.errors import DiskFull

from shop.errors import StorageFull

logger = logging.getLogger(__name__)

# No room, none for this account, none for a file so long.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class DiskStorage(FileSystemStorage):
    """Django's own, but that a file is there as a whole or not at all."""

    def _save(self, name: str, content: Any) -> str:
        """Write a file under a name that nobody else has.

        Raises: StorageFull; OSError, for what else a disk refuses.
        """
        try:
            # The stubs leave it out, as a method for storages alone.
            kept: str = super()._save(name, content)  # type: ignore[misc]
        except OSError as error:
            # Half of it may be there.
            Path(self.path(name)).unlink(missing_ok=True)
            if not is_full(error):
                raise
            logger.error("no space left in %s", self.location)
            raise StorageFull from None
        return kept


def is_full(error: BaseException) -> bool:
    """Tell a disk without room, ours or PostgreSQL's, from what else goes wrong."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return isinstance(error.__cause__, DiskFull)
