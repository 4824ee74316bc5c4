"""Logins: shoppers by a WeChat code, staff by name and password."""

from dataclasses import dataclass

from django.contrib.auth import authenticate, user_logged_in
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from rest_framework.request import Request

from accounts.encryption import text_encrypt
from accounts.errors import LoginFailed, UserBlocked
from accounts.lockout import locked_check
from accounts.models import User
from accounts.services.second_factor import second_factor_check
from accounts.services.sessions import Tokens, session_open
from shop.wechat.miniprogram import Login, WeChatCodeInvalid, code2session

# One statement, so that two first logins at once make one user. PostgreSQL 18 tells
# by `old` whether there was a row before.
_FIND_OR_CREATE = """
INSERT INTO accounts_user (
    openid, session_key_encrypted, password, nickname, avatar, phone,
    is_superuser, is_staff, is_active, created_at, updated_at
) VALUES (%s, %s, %s, '', '', '', FALSE, FALSE, TRUE, %s, %s)
ON CONFLICT (openid) DO UPDATE SET
    session_key_encrypted = excluded.session_key_encrypted,
    updated_at = excluded.updated_at
RETURNING new.*, old.id IS NULL AS is_new
"""


@dataclass(frozen=True)
class ShopperLogin:
    """A shopper who is logged in now."""

    user: User
    is_new: bool
    tokens: Tokens


def shopper_login(*, code: str) -> ShopperLogin:
    """Log a shopper in by a code of wx.login; the first time makes the user.

    Raises: UserBlocked, and what code2session() raises.
    """
    login = code2session(code)
    user, is_new = _find_or_create(login)
    if not user.is_active:
        raise UserBlocked
    return ShopperLogin(user=user, is_new=is_new, tokens=session_open(user=user))


def shopper_code_check(*, user: User, code: str) -> None:
    """Make sure by a fresh login code that it is this very shopper who asks.

    Calls WeChat: not inside a transaction.

    Raises: WeChatCodeInvalid, and what code2session() raises.
    """
    if code2session(code).openid != user.openid:
        raise WeChatCodeInvalid


def staff_login(
    *, request: Request, username: str, password: str, otp: str = ""
) -> tuple[User, Tokens]:
    """Log staff in; an unknown name takes as long as a wrong password.

    Failures count for the lock-out by the request's address.

    Raises: LoginFailed, RateLimited when the account or the address is locked, and
    what second_factor_check() raises.
    """
    # Axes knows DRF's requests; what it notes on one stays out of its middleware.
    user = authenticate(request, username=username, password=password)
    locked_check(request)
    if not isinstance(user, User) or not user.is_staff:
        raise LoginFailed
    second_factor_check(request=request, user=user, code=otp)
    # As Django's login() tells: axes forgives, and the time is noted.
    user_logged_in.send(sender=User, request=request, user=user)
    return user, session_open(user=user)


def _find_or_create(login: Login) -> tuple[User, bool]:
    now = timezone.now()
    session_key = text_encrypt(login.session_key)
    values = [login.openid, session_key, make_password(None), now, now]
    user = User.objects.raw(_FIND_OR_CREATE, values)[0]
    return user, user.is_new  # type: ignore[attr-defined]
