"""Who: people, their addresses, their logins."""

from accounts.models.address import Address
from accounts.models.session import Session
from accounts.models.upload import Upload
from accounts.models.user import User

__all__ = ["Address", "Session", "Upload", "User"]
