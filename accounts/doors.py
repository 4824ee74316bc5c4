"""The admin's site: how staff come in, and change their own password."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite

from accounts import services
from accounts.lockout import LOCKED, locked_seconds
from accounts.models import User
from shop.api.ratelimit import password_login_count
from shop.errors import ShopError


class LoginForm(AuthenticationForm):
    """Name and password, counted for the account as the API's staff login is.

    The lock-out after failures is axes' own, for both.
    """

    def clean(self) -> Any:
        """Refuse who comes too often before the password is looked at."""
        try:
            password_login_count(
                self.request, username=self.cleaned_data.get("username", "")
            )
        except ShopError as error:
            raise ValidationError(error.message) from None
        return super().clean()


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """A new password of one's own; it ends one's sessions in the API too."""

    user: User

    def save(self, commit: bool = True) -> User:
        """Set it; the view keeps this one session of the admin by `self.user`."""
        self.user = services.staff_password_set(
            actor_id=self.user.pk,
            user_id=self.user.pk,
            password=self.cleaned_data["new_password1"],
        )
        return self.user


class BackOffice(UnfoldAdminSite):
    """Unfold's site with our forms at its doors."""

    login_form = LoginForm

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Let staff change their own password."""
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)


def locked_page(
    request: HttpRequest,
    response: HttpResponse,
    credentials: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Answer a login of the admin that is locked; the API's answers for itself."""
    page = render(
        request,
        "admin/locked.html",
        {
            **admin.site.each_context(request),
            "message": LOCKED,
            "minutes": locked_seconds() // 60,
        },
        status=429,
    )
    page.headers["Retry-After"] = str(locked_seconds())
    return page
