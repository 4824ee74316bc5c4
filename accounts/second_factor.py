"""The pages of the second factor: the code of a login, turning it on and off."""

from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from accounts import services
from accounts.errors import AccountStateChanged, LoginFailed, OtpInvalid
from accounts.models import User
from accounts.models.totp_device import enrolment_link
from accounts.views.person import user_of
from shop.api.ratelimit import password_login_count
from shop.errors import Invalid, RateLimited, ShopError

_CODE_MAX = 20
_PASSWORD_MAX = 128
# Of a module of the QR code; the picture grows to its place.
_QR_MARGIN = 2


class CodeNeeded(Exception):
    """A login whose password was right, and that needs a code as well."""

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user


class TicketExpired(Exception):
    """The password was right too long ago, or has changed since."""


def code_field(**attributes: Any) -> forms.CharField:
    """Return a field that phones offer digits for, and that nothing completes."""
    return forms.CharField(
        label="验证码",
        max_length=_CODE_MAX,
        error_messages={"required": "验证码不能为空"},
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", **attributes}
        ),
    )


class CodeForm(forms.Form):
    """The second step of a login."""

    ticket = forms.CharField(widget=forms.HiddenInput)
    code = code_field(autofocus=True)

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    def clean(self) -> Any:
        """Look whose password was right a moment ago, and spend the code.

        Raises: TicketExpired.
        """
        data = super().clean() or {}
        user = services.login_ticket_user(ticket=data.get("ticket", ""))
        if user is None:
            raise TicketExpired
        if code := data.get("code"):
            self._code_spend(user, code)
            self.user = user
        return data

    def _code_spend(self, user: User, code: str) -> None:
        try:
            password_login_count(self.request, username=user.get_username())
            services.second_factor_check(request=self.request, user=user, code=code)
        except ShopError as error:
            raise ValidationError(error.message) from None

    def get_user(self) -> User:
        """Return who is logged in now."""
        if self.user is None:
            raise TypeError("the form is not valid")
        self.user.backend = "django.contrib.auth.backends.ModelBackend"
        return self.user


class CodeView(LoginView):
    """Log in who sends the code after the password."""

    template_name = "admin/login_code.html"
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Log in, or show the page again; an old one leads back to the password."""
        try:
            return super().post(request, *args, **kwargs)
        except TicketExpired:
            messages.error(request, "登录已超时,请重新输入密码")
            return HttpResponseRedirect(reverse("admin:login"))


class PasswordAndCodeForm(forms.Form):
    """Password and code, as at a login."""

    password = forms.CharField(
        label="密码",
        strip=False,
        max_length=_PASSWORD_MAX,
        error_messages={"required": "密码不能为空"},
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )
    code = code_field()


class TurnOnForm(PasswordAndCodeForm):
    """The password, and a code that shows that the app has the key."""

    sealed = forms.CharField(widget=forms.HiddenInput)


def second_factor_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Turn the second factor on, or off when it is on."""
    user = user_of(request)
    context["title"] = "两步验证"
    try:
        if services.second_factor_is_on(user=user):
            return _turn_off(request, user, context)
        return _turn_on(request, user, context)
    except AccountStateChanged as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(reverse("admin:second_factor"))


def _turn_on(request: HttpRequest, user: User, context: dict[str, Any]) -> HttpResponse:
    """Show a key, or the recovery codes once a code has shown that an app has it."""
    if request.method == "POST":
        form = TurnOnForm(request.POST)
        key = services.enrolment_key(user=user, sealed=request.POST.get("sealed", ""))
    else:
        key, sealed = services.enrolment_make(user=user)
        form = TurnOnForm(initial={"sealed": sealed})
    if form.is_valid():
        try:
            context["codes"] = services.second_factor_turn_on(
                request=request, user=user, **form.cleaned_data
            )
        except (Invalid, LoginFailed, RateLimited) as error:
            form.add_error(None, error.message)
        else:
            # Its row went with those of the other sessions.
            request.session.cycle_key()
            return TemplateResponse(request, "admin/recovery_codes.html", context)
    link = enrolment_link(account=user.get_username(), key=key)
    picture = segno.make(link).svg_data_uri(border=_QR_MARGIN, light="#fff")
    shown = " ".join(key[start : start + 4] for start in range(0, len(key), 4))
    context |= {"form": form, "key": shown, "picture": picture}
    return TemplateResponse(request, "admin/second_factor_on.html", context)


def _turn_off(
    request: HttpRequest, user: User, context: dict[str, Any]
) -> HttpResponse:
    if "sealed" in request.POST:
        # A page that was to turn it on, sent after another one has: both ask for
        # password and code, and it must turn nothing off.
        raise AccountStateChanged
    form = PasswordAndCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.second_factor_turn_off(
                request=request, user=user, **form.cleaned_data
            )
        except (LoginFailed, OtpInvalid, RateLimited) as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "已关闭两步验证")
            return HttpResponseRedirect(reverse("admin:second_factor"))
    left = services.recovery_codes_left(user=user)
    context |= {"form": form, "left": left}
    return TemplateResponse(request, "admin/second_factor_off.html", context)
