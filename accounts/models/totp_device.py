"""The second factor of a staff account: an app that shows codes, and recovery codes."""

from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.db import models
from django_otp.models import Device, ThrottlingMixin

from accounts.models.user import User


class TotpDevice(ThrottlingMixin, Device):
    """What must never be read in a dump, the key and the codes, is encrypted.

    Written once the first code was right; so each row is in force, and needs no name.
    """

    name = None
    confirmed = None
    user = models.OneToOneField(User, models.CASCADE, related_name="totp_device")
    # Hexadecimal, encrypted.
    key_encrypted = models.TextField(editable=False)
    # What is left of the recovery codes, encrypted together.
    recovery_encrypted = models.TextField(editable=False)
    # The 30 seconds whose code was spent last; older ones are worth nothing any more.
    last_step = models.BigIntegerField(default=-1, editable=False)
    created_at = models.DateTimeField("开启时间", auto_now_add=True)

    class Meta:
        verbose_name = "两步验证"
        verbose_name_plural = "两步验证"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user)

    def get_throttle_factor(self) -> int:
        """Wait 1, 2, 4, 8 seconds and so on after each wrong code in a row."""
        return 1


def enrolment_link(*, account: str, key: str) -> str:
    """Return what an app for codes reads from a QR code.

    `key` is base32. The shop's host tells this shop from others in the app.

    Source: https://github.com/google/google-authenticator/wiki/Key-Uri-Format
    """
    issuer = urlsplit(settings.PUBLIC_URL).hostname or ""
    query = urlencode({"secret": key, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{query}"
