"""Encryption at rest of what must not be read in a database dump."""

from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def text_encrypt(text: str) -> str:
    """Encrypt with the first key of FIELD_ENCRYPTION_KEY."""
    return _fernet(settings.FIELD_ENCRYPTION_KEY).encrypt(text.encode()).decode()


def text_decrypt(encrypted: str) -> str:
    """Decrypt with any of the keys, so that they can be rotated.

    Raises: cryptography's InvalidToken, when none of them is the right one.
    """
    fernet = _fernet(settings.FIELD_ENCRYPTION_KEY)
    return fernet.decrypt(encrypted.encode()).decode()


def text_renew(encrypted: str) -> str:
    """Encrypt again with the first key what was encrypted with any of them.

    Raises: cryptography's InvalidToken, when none of them is the right one.
    """
    fernet = _fernet(settings.FIELD_ENCRYPTION_KEY)
    return fernet.rotate(encrypted.encode()).decode()


@lru_cache(maxsize=4)
def _fernet(keys: str) -> MultiFernet:
    """Return the cipher of comma-separated keys, the newest first."""
    return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])
