"""Whether the key is the one that the database was written with."""

from cryptography.fernet import InvalidToken

from accounts.encryption import text_decrypt
from accounts.models import TotpDevice, User

# Of keys that were rotated the old one may be gone, and with it what was written last
# long ago: what was written newest tells.
NEWEST = 10


def field_key_fits() -> bool | None:
    """Tell whether FIELD_ENCRYPTION_KEY decrypts what is stored; None: nothing is."""
    shoppers = User.objects.exclude(session_key_encrypted="").order_by("-updated_at")
    devices = TotpDevice.objects.order_by("-created_at")
    stored = [
        *shoppers.values_list("session_key_encrypted", flat=True)[:NEWEST],
        *devices.values_list("key_encrypted", flat=True)[:NEWEST],
    ]
    return any(map(_is_readable, stored)) if stored else None


def _is_readable(encrypted: str) -> bool:
    try:
        text_decrypt(encrypted)
    except InvalidToken:
        return False
    return True
