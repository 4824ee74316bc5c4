"""Encryption at rest."""

import pytest
from cryptography.fernet import Fernet, InvalidToken

from accounts.encryption import text_decrypt, text_encrypt, text_renew


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
    written, renewed = text_encrypt("a"), text_renew(encrypted)
    settings.FIELD_ENCRYPTION_KEY = new
    assert (text_decrypt(written), text_decrypt(renewed)) == ("a", "a")
    for refuses in (text_decrypt, text_renew):
        with pytest.raises(InvalidToken):
            refuses(encrypted)
