"""Collect the static files where no setting is known yet: while an image is built.

Every secret is made up and forgotten; no server is asked.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


def throwaway_settings() -> dict[str, str]:
    """Return what the settings demand, none of it of any use."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    fernet_key = base64.urlsafe_b64encode(secrets.token_bytes(32))
    return {
        "SHOP_ENV": "development",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
        "FIELD_ENCRYPTION_KEY": fernet_key.decode(),
        "PUBLIC_URL": "http://127.0.0.1",
        "DATABASE_URL": "postgresql://127.0.0.1/none",
        "VALKEY_URL": "redis://127.0.0.1/0",
        "WECHAT_APPID": "none",
        "WECHAT_SECRET": "none",
        "WECHAT_MCHID": "none",
        "WECHAT_API_V3_KEY": secrets.token_hex(16),
        "WECHAT_MERCHANT_SERIAL": "none",
        "WECHAT_MERCHANT_PRIVATE_KEY": private.decode(),
        "WECHAT_PLATFORM_PUBLIC_KEY_ID": "none",
        "WECHAT_PLATFORM_PUBLIC_KEY": public.decode(),
    }


def main() -> None:
    """Run the command on made-up settings."""
    os.environ |= throwaway_settings()
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", "collectstatic", "--no-input"])


if __name__ == "__main__":
    main()
