"""The second factor: turned on, asked for at logins, turned off, reset."""

import secrets
from base64 import b32encode
from datetime import datetime
from math import ceil

from axes.backends import AxesStandaloneBackend
from axes.exceptions import AxesBackendPermissionDenied
from cryptography.fernet import InvalidToken
from django.contrib.auth import authenticate, user_login_failed
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp.oath import TOTP

from accounts.encryption import text_decrypt, text_encrypt, text_renew
from accounts.errors import AccountStateChanged, LoginFailed, OtpInvalid, OtpRequired
from accounts.lockout import AnyRequest, locked_check, locked_out
from accounts.locks import user_lock
from accounts.models import TotpDevice, User
from accounts.services.rights import staff_lock
from accounts.services.sessions import admin_sessions_end, sessions_end_all
from shop.errors import Forbidden, Invalid, RateLimited

_KEY_BYTES = 20
# A code of the 30 seconds before and after is right too: clocks differ.
_TOLERANCE_STEPS = 1
_CODE_DIGITS = 6
RECOVERY_CODES = 10
# 50 bits each; without what is easily mistaken.
_RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 10
# So long a login may take from the password to the code.
TICKET_SECONDS = 300
_TICKET_SALT = "accounts.second_factor"


# --- turning it on ------------------------------------------------------------------


def enrolment_make(*, user: User) -> tuple[str, str]:
    """Return a fresh key in base32, and the same sealed for its way through a form.

    Nothing is stored until a code has shown that an app has the key.
    """
    key = secrets.token_bytes(_KEY_BYTES)
    return _base32(key), text_encrypt(f"{user.pk}:{key.hex()}")


def enrolment_key(*, user: User, sealed: str) -> str:
    """Return the key of a form in base32.

    Raises: AccountStateChanged, when it was not sealed for this user.
    """
    return _base32(_unsealed(user, sealed))


def second_factor_turn_on(
    *, request: HttpRequest, user: User, password: str, sealed: str, code: str
) -> list[str]:
    """Ask for codes of this key from now on; return the recovery codes.

    The password is asked for: on a session left open, somebody else could turn it on
    and keep the account's owner out. All sessions end, for whoever was in by the
    password alone; the caller gives this one a new key, which keeps it.

    Locks: the user. Raises: LoginFailed and RateLimited as at a login,
    AccountStateChanged when it is on already, Invalid when the code is wrong.
    """
    _password_require(request, user, password)
    return _device_add(user_id=user.pk, sealed=sealed, code=code)


@transaction.atomic
def _device_add(*, user_id: int, sealed: str, code: str) -> list[str]:
    user = user_lock(user_id=user_id)
    key = _unsealed(user, sealed)
    if TotpDevice.objects.filter(user=user).exists():
        raise AccountStateChanged
    step = _step_of(code, key=key, after=-1, now=timezone.now())
    if step is None:
        raise Invalid.field("code", "验证码不正确,请检查手机时间后重试")
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    TotpDevice.objects.create(
        user=user,
        key_encrypted=text_encrypt(key.hex()),
        recovery_encrypted=text_encrypt(" ".join(codes)),
        last_step=step,
    )
    _sessions_end(user_id)
    return codes


# --- asking for it ------------------------------------------------------------------


def second_factor_is_on(*, user: User) -> bool:
    return bool(TotpDevice.objects.filter(user=user).exists())


def recovery_codes_left(*, user: User) -> int:
    """Count the recovery codes that were not spent.

    Raises: AccountStateChanged, when somebody has turned it off a moment ago.
    """
    device = TotpDevice.objects.filter(user=user).first()
    if device is None:
        raise AccountStateChanged
    return len(text_decrypt(device.recovery_encrypted).split())


def second_factor_check(*, request: AnyRequest, user: User, code: str) -> None:
    """Spend a code, when the account asks for one; each works once.

    A wrong one counts as a wrong password does, for the account and the address; it
    makes the account wait, too, from wherever the next one comes.

    Locks: the device. Raises: OtpRequired, OtpInvalid, RateLimited.
    """
    if not second_factor_is_on(user=user):
        return
    if not code:
        raise OtpRequired
    credentials = {"username": user.get_username()}
    try:
        AxesStandaloneBackend().authenticate(request, **credentials)
    except AxesBackendPermissionDenied:
        raise locked_out() from None
    if _code_spend(user, code):
        return
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    locked_check(request)
    raise OtpInvalid


@transaction.atomic
def _code_spend(user: User, code: str) -> bool:
    """Say whether a code is right, and let it never be so again.

    Raises: RateLimited, too soon after a wrong one.
    """
    device = TotpDevice.objects.select_for_update().filter(user=user).first()
    if device is None:
        # Somebody has turned it off a moment ago.
        return True
    now = timezone.now()
    is_allowed, why = device.verify_is_allowed()
    if not is_allowed:
        seconds = ceil((why["locked_until"] - now).total_seconds())
        raise RateLimited(
            f"验证码连续输错,请{seconds}秒后再试", retry_after_seconds=seconds
        )
    if _step_spend(device, code, now) or _recovery_spend(device, code):
        # The newest key takes the place of older ones.
        device.key_encrypted = text_renew(device.key_encrypted)
        device.recovery_encrypted = text_renew(device.recovery_encrypted)
        device.throttle_reset()
        return True
    device.throttle_increment()
    return False


def _step_spend(device: TotpDevice, code: str, now: datetime) -> bool:
    key = bytes.fromhex(text_decrypt(device.key_encrypted))
    step = _step_of(code, key=key, after=device.last_step, now=now)
    if step is not None:
        device.last_step = step
    return step is not None


def _recovery_spend(device: TotpDevice, code: str) -> bool:
    left = text_decrypt(device.recovery_encrypted).split()
    typed = code.lower().replace("-", "")
    if typed not in left:
        return False
    left.remove(typed)
    device.recovery_encrypted = text_encrypt(" ".join(left))
    return True


# --- between password and code --------------------------------------------------------


def login_ticket_make(*, user: User) -> str:
    """Return the proof that the password was right, for the page that asks for a code.

    No session exists until the code is right, too.
    """
    facts = [user.pk, user.get_session_auth_hash()]
    return signing.dumps(facts, salt=_TICKET_SALT)


def login_ticket_user(*, ticket: str) -> User | None:
    """Return who has such a proof; None when it is old, or the password has changed."""
    try:
        facts = signing.loads(ticket, salt=_TICKET_SALT, max_age=TICKET_SECONDS)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=facts[0], is_active=True, is_staff=True).first()
    if user is None or not constant_time_compare(
        facts[1], user.get_session_auth_hash()
    ):
        return None
    return user


# --- turning it off -------------------------------------------------------------------


def second_factor_turn_off(
    *, request: HttpRequest, user: User, password: str, code: str
) -> None:
    """Ask for no more codes; wrong passwords and codes count as at a login.

    Raises: LoginFailed, and what second_factor_check() raises.
    """
    _password_require(request, user, password)
    second_factor_check(request=request, user=user, code=code)
    TotpDevice.objects.filter(user=user).delete()


@transaction.atomic
def second_factor_reset(*, actor_id: int, user_id: int) -> None:
    """Turn it off for somebody who has lost the phone; their sessions end.

    Locks: both. Raises: Forbidden, AccountStateChanged when it is off.
    """
    staff_lock(actor_id=actor_id, user_id=user_id)
    if actor_id == user_id:
        raise Forbidden("不能重置自己的两步验证")
    if not _drop(user_id):
        raise AccountStateChanged


@transaction.atomic
def second_factor_drop(*, username: str) -> bool:
    """Turn it off for an operator, who needs no right; say whether it was on.

    Locks: the account.
    """
    named = User.objects.filter(username=username, is_staff=True)
    account = named.select_for_update(no_key=True).first()
    return account is not None and _drop(account.pk)


def _drop(user_id: int) -> bool:
    """Turn it off and end the sessions; say whether it was on."""
    if not TotpDevice.objects.filter(user_id=user_id).delete()[0]:
        return False
    _sessions_end(user_id)
    return True


def _sessions_end(user_id: int) -> None:
    sessions_end_all(user_id=user_id)
    admin_sessions_end(user_id=user_id)


# --- passwords ------------------------------------------------------------------------


def _password_require(request: HttpRequest, user: User, password: str) -> None:
    """Ask who is logged in for the password once more; a wrong one is counted."""
    name = user.get_username()
    if authenticate(request, username=name, password=password) == user:
        return
    locked_check(request)
    raise LoginFailed("密码错误")


# --- keys and codes -------------------------------------------------------------------


def _step_of(code: str, *, key: bytes, after: int, now: datetime) -> int | None:
    """Return the 30 seconds whose code this is; None for a wrong or an old one."""
    if len(code) != _CODE_DIGITS or not (code.isascii() and code.isdecimal()):
        return None
    totp = TOTP(key)
    totp.time = now.timestamp()
    is_right = totp.verify(int(code), tolerance=_TOLERANCE_STEPS, min_t=after + 1)
    return totp.t() if is_right else None


def _recovery_code() -> str:
    return "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(_RECOVERY_LENGTH))


def _unsealed(user: User, sealed: str) -> bytes:
    try:
        owner, _, key = text_decrypt(sealed).partition(":")
    except InvalidToken:
        raise AccountStateChanged from None
    if owner != str(user.pk):
        raise AccountStateChanged
    return bytes.fromhex(key)


def _base32(key: bytes) -> str:
    """Write a key as apps for codes take it; 20 bytes need no padding."""
    return b32encode(key).decode()
