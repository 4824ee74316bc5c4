"""The routes of accounts."""

from accounts.views.addresses import AddressViewSet
from accounts.views.login import LoginView, LogoutView, RefreshView, StaffLoginView
from accounts.views.uploads import UploadView
from accounts.views.user import AvatarView, PhoneView, UserView

__all__ = [
    "AddressViewSet",
    "AvatarView",
    "LoginView",
    "LogoutView",
    "PhoneView",
    "RefreshView",
    "StaffLoginView",
    "UploadView",
    "UserView",
]
