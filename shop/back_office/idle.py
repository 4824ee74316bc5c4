"""Sessions of the admin end after a while without a click, and after 12 hours."""

import time
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

# When the login was, and the last click; seconds of the clock.
BEGAN, SEEN = "began_at", "seen_at"
# A click this soon after one that was noted is not: one write a minute is enough, and
# a tenth of the time is nothing that who is busy would miss.
_NOTED_SECONDS = 60
_NOTED_PART = 10
# What a page asks by itself, again and again, is no click.
_POLLED = "/progress/"


class IdleMiddleware:
    """Send who comes too late to the login, and from there to where they wanted.

    A session notes its beginning when a login saves it; one without is from before
    there was this rule, and ends within 12 hours by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(_admin()):
            return self.get_response(request)
        now = int(time.time())
        # Either of its steps.
        is_login = request.path_info.startswith(reverse("admin:login"))
        if told := _ended(request, now):
            logout(request)
            if not is_login:
                messages.warning(request, told)
                return redirect_to_login(request.get_full_path(), "admin:login")
        answer = self.get_response(request)
        _note(request, now, is_login=is_login)
        return answer


@cache
def _admin() -> str:
    """Return where the admin is; looking it up would cost every request of the API."""
    return reverse("admin:index")


def _ended(request: HttpRequest, now: int) -> str:
    """Say why a session is over; nothing while it is not."""
    session = request.session
    if SEEN not in session:
        return ""
    if now - session[BEGAN] >= settings.SESSION_COOKIE_AGE:
        return "登录已满12小时,请重新登录"
    if now - session[SEEN] >= _idle_seconds():
        return f"已有{settings.ADMIN_IDLE_MINUTES}分钟没有操作,请重新登录"
    return ""


def _note(request: HttpRequest, now: int, *, is_login: bool) -> None:
    """Note a login, when it is saved anyhow, and a click now and then."""
    session = request.session
    if SESSION_KEY not in session:
        return
    if session.modified and (is_login or SEEN not in session):
        session[BEGAN] = session[SEEN] = now
        return
    is_click = not request.path_info.endswith(_POLLED)
    pause = min(_NOTED_SECONDS, _idle_seconds() // _NOTED_PART)
    if is_click and now - session.get(SEEN, now) >= pause:
        session[SEEN] = now


def _idle_seconds() -> int:
    return int(settings.ADMIN_IDLE_MINUTES) * 60
