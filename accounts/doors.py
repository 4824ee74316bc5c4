"""The admin's site: how staff come in, and change their own password."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite

from accounts import services
from accounts.lockout import LOCKED, locked_seconds
from accounts.models import User
from accounts.second_factor import (
    CodeForm,
    CodeNeeded,
    CodeView,
    second_factor_page,
)
from shop.api.ratelimit import password_login_count
from shop.back_office.search import everything_found, word_read
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

    def confirm_login_allowed(self, user: Any) -> None:
        """Stop who needs a code as well, before a session is there.

        Raises: CodeNeeded.
        """
        super().confirm_login_allowed(user)
        if services.second_factor_is_on(user=user):
            raise CodeNeeded(user)


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

    def get_urls(self) -> list[Any]:
        """Add the pages of the second factor."""
        return [
            path("login/code/", self.login_code, name="login_code"),
            path(
                "second_factor/",
                self.admin_view(self.second_factor),
                name="second_factor",
            ),
            *super().get_urls(),
        ]

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Log in by name and password, or ask for the code after them."""
        try:
            answer: HttpResponseBase = super().login(request, extra_context)
        except CodeNeeded as needed:
            return self._code_page(request, needed.user)
        return answer

    def _code_page(self, request: HttpRequest, user: User) -> HttpResponse:
        """Show the second step; where to go afterwards comes along."""
        ticket = services.login_ticket_make(user=user)
        context = {
            **self.each_context(request),
            "form": CodeForm(request, initial={"ticket": ticket}),
            "next": request.POST.get("next") or request.GET.get("next", ""),
        }
        page = TemplateResponse(request, "admin/login_code.html", context)
        add_never_cache_headers(page)
        return page

    def login_code(self, request: HttpRequest) -> HttpResponseBase:
        """Log in by the code after the password; nothing is there to be read."""
        if request.method != "POST":
            return HttpResponseRedirect(reverse(f"{self.name}:login"))
        view = CodeView.as_view(
            authentication_form=CodeForm, extra_context=self.each_context(request)
        )
        return view(request)

    @method_decorator(sensitive_post_parameters())
    def second_factor(self, request: HttpRequest) -> HttpResponseBase:
        """Let staff turn their own second factor on and off."""
        return second_factor_page(request, self.each_context(request))

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Answer the search box; kept nowhere, for rights and rows change."""
        word = word_read(request.GET.get("s", ""))
        context = {"word": word, "results": everything_found(self, request, word)}
        return TemplateResponse(request, "unfold/helpers/command_results.html", context)

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
