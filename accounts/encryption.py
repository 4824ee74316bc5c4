"""Encryption at rest of what must not be read in a database dump."""

from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def text_encrypt(text: str) -> str:
    """Encrypt with the first key of FIELD_ENCRYPTION_KEY."""
    return _fernet(settings.FIELD_ENCRYPTION_KEY).encrypt(text.encode()).decode()


def text_decrypt(encrypted: str) -> str:
    """Decrypt with any of the keys, so that they can be rotated.

    Raises: cryptography's InvalidToken, when none of them is the right one.
    """
    fernet = _fernet(settings.FIELD_ENCRYPTION_KEY)
    return fernet.decrypt(encrypted.encode()).decode()


def keys_check() -> None:
    """Refuse a start with a key that would fail at the first login.

    Raises: ImproperlyConfigured.
    """
    _fernet(settings.FIELD_ENCRYPTION_KEY)


@lru_cache(maxsize=4)
def _fernet(keys: str) -> MultiFernet:
    """Return the cipher of comma-separated keys, the newest first."""
    try:
        return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])
    except ValueError:
        # Its own text would show the key.
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEY must be Fernet keys, separated by commas"
        ) from None
