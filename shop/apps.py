"""The shop package as a Django app: checks and commands of the whole."""

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class ShopConfig(AppConfig):
    """No models live here."""

    name = "shop"

    def ready(self) -> None:
        """Refuse a start with keys that would fail at the first payment."""
        keys_check()


def keys_check() -> None:
    """Read both keys of WeChat Pay.

    Raises: ImproperlyConfigured, without a word of the key.
    """
    private_key = settings.WECHAT_MERCHANT_PRIVATE_KEY.encode()
    public_key = settings.WECHAT_PLATFORM_PUBLIC_KEY.encode()
    try:
        # Our own file: proving that its factors are prime would take a tenth second.
        key = load_pem_private_key(
            private_key, None, unsafe_skip_rsa_key_validation=True
        )
        is_private = isinstance(key, RSAPrivateKey)
    except (ValueError, TypeError):
        is_private = False
    try:
        is_public = isinstance(load_pem_public_key(public_key), RSAPublicKey)
    except ValueError:
        is_public = False
    for name, is_right in {
        "WECHAT_MERCHANT_PRIVATE_KEY": is_private,
        "WECHAT_PLATFORM_PUBLIC_KEY": is_public,
    }.items():
        if not is_right:
            raise ImproperlyConfigured(f"{name} must be an RSA key in PEM")
