"""Encryption at rest."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import ImproperlyConfigured

from accounts.encryption import keys_check, text_decrypt, text_encrypt


def test_there_and_back():
    encrypted = text_encrypt("密钥")
    assert "密钥" not in encrypted
    assert text_decrypt(encrypted) == "密钥"
    assert text_encrypt("密钥") != encrypted


def test_keys_rotate(settings):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.FIELD_ENCRYPTION_KEY = old
    encrypted = text_encrypt("a")
    settings.FIELD_ENCRYPTION_KEY = f"{new}, {old}"
    assert text_decrypt(encrypted) == "a"
    renewed = text_encrypt("a")
    settings.FIELD_ENCRYPTION_KEY = new
    assert text_decrypt(renewed) == "a"
    with pytest.raises(InvalidToken):
        text_decrypt(encrypted)


@pytest.mark.parametrize("keys", ["", "canary", "canary" * 9, "Y2FuYXJ5,"])
def test_wrong_keys_are_refused_unshown(settings, keys):
    settings.FIELD_ENCRYPTION_KEY = keys
    with pytest.raises(ImproperlyConfigured) as error:
        keys_check()
    assert "canary" not in str(error.value)
    assert "Y2FuYXJ5" not in str(error.value)
