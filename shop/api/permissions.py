"""Who may call what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request

from shop.errors import Forbidden

if TYPE_CHECKING:
    # DRF's views import this module through the settings.
    from rest_framework.views import APIView


class IsShopper(BasePermission):
    """Let shoppers in: 401 without a token, 403 with a staff token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if user and user.is_authenticated and user.is_staff:
            raise Forbidden
        return bool(user and user.is_authenticated)


class StaffModelPermission(DjangoModelPermissions):
    """Ask staff for Django's model permission of the method; reads are public."""

    authenticated_users_only = False

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return True
        user = request.user
        if not (user and user.is_authenticated):
            return False
        return bool(user.is_staff and super().has_permission(request, view))
