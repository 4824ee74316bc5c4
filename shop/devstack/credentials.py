"""The secrets of one stack, made once and kept in files that only we may read."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from shop.devstack.parts import DevstackError

STAFF_NAME = "staff"


@dataclass(frozen=True)
class Credentials:
    """Random secrets; each is letters, digits, - and _ (and = in the Fernet key)."""

    secret_key: str
    jwt_signing_key: str
    field_encryption_key: str
    postgres_password: str
    valkey_password: str


def credentials_make() -> Credentials:
    """Return new secrets."""
    return Credentials(
        secret_key=secrets.token_urlsafe(48),
        jwt_signing_key=secrets.token_urlsafe(48),
        # A Fernet key is 32 bytes in URL-safe base64.
        field_encryption_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        postgres_password=secrets.token_urlsafe(24),
        valkey_password=secrets.token_urlsafe(24),
    )


def credentials_ensure(path: Path) -> Credentials:
    """Return the secrets kept at `path`, after making them the first time.

    Raises: DevstackError when the file is damaged.
    """
    if not path.exists():
        private_write(path, json.dumps(asdict(credentials_make()), indent=2) + "\n")
    try:
        return Credentials(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise DevstackError(f"{path} is damaged") from None


def staff_ensure(path: Path) -> tuple[str, str]:
    """Return the staff account's name and password, made the first time.

    Raises: DevstackError when the file is damaged.
    """
    if not path.exists():
        private_write(path, f"{STAFF_NAME} {secrets.token_urlsafe(18)}\n")
    words = path.read_text().split()
    if len(words) != 2:
        raise DevstackError(f"{path} must hold a name and a password")
    return words[0], words[1]


def private_write(path: Path, text: str) -> None:
    """Write a file of mode 600 in one step: a crash leaves the old one or the new."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    fresh.rename(path)
