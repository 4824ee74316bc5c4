"""Who: people, their addresses, their logins."""

from accounts.models.address import Address
from accounts.models.login_failure import LoginFailure
from accounts.models.session import Session
from accounts.models.totp_device import TotpDevice
from accounts.models.upload import Upload
from accounts.models.user import Shopper, Staff, User

__all__ = [
    "Address",
    "LoginFailure",
    "Session",
    "Shopper",
    "Staff",
    "TotpDevice",
    "Upload",
    "User",
]
