"""Lock out who guesses passwords: django-axes, with three limits instead of one.

The admin's login and the API's staff login count together.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Q, Sum
from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User
from shop.api.client_address import client_address
from shop.errors import RateLimited

AnyRequest = HttpRequest | Request
Credentials = Mapping[str, Any] | None

LOCKED = "登录失败次数过多,请稍后再试"
_NAME_MAX = User._meta.get_field("username").max_length


class LockoutHandler(AxesDatabaseHandler):
    """Count an account at one address, an account, and an address.

    A row of axes holds the failures of one account, address and browser. It counts
    while its last failure is younger than the cool-off; under a lock none is added, so
    the lock ends by itself.
    """

    def get_failures(self, request: AnyRequest, credentials: Credentials = None) -> int:
        """Return how far above the nearest limit the failures are; 0 locks."""
        account = Q(username=get_client_username(request, credentials))
        address = Q(ip_address=request.axes_ip_address)  # type: ignore[union-attr]
        counts = AccessAttempt.objects.filter(
            account | address, attempt_time__gte=get_cool_off_threshold(request)
        ).aggregate(
            account_and_address=_failures(account & address),
            account=_failures(account),
            address=_failures(address),
        )
        limits = settings.LOCKOUT_LIMITS
        return max(int(counts[name]) - most for name, most in limits.items())

    def clean_expired_user_attempts(
        self, request: AnyRequest, credentials: Credentials = None
    ) -> int:
        """Forget old failures of this account at this address, so that they start anew.

        Axes would look through everybody's, at each login; those are the job's.
        """
        threshold = get_cool_off_threshold(request)
        deleted = 0
        for attempts in self.filter_user_attempts(request, credentials):
            deleted += attempts.filter(attempt_time__lt=threshold).delete()[0]
        return deleted

    def remove_out_of_limit_failure_logs(self, **kwargs: Any) -> int:
        """Keep the record: axes would delete the newest, the job deletes the old."""
        return 0


def _failures(which: Q) -> Sum:
    return Sum("failures_since_start", filter=which, default=0)


def address_counted(request: AnyRequest) -> str | None:
    """Return the client's address; of an IPv6 network its first, for the column."""
    try:
        return str(ip_network(client_address(request)).network_address)
    except ValueError:
        return None


def name_counted(request: AnyRequest, credentials: Credentials = None) -> str:
    """Return the name that was typed, as far as names of accounts go."""
    typed = (credentials or {}).get("username")
    return str(typed or "")[:_NAME_MAX]


def locked_check(request: AnyRequest) -> None:
    """Refuse a request on which axes has found the account or the address locked.

    Raises: RateLimited.
    """
    if getattr(request, "axes_locked_out", False):
        raise locked_out()


def locked_out() -> RateLimited:
    """Return the refusal of an account or an address that is locked."""
    return RateLimited(LOCKED, retry_after_seconds=locked_seconds())


def locked_seconds() -> int:
    """Return how long a lock lasts at most."""
    return int(settings.AXES_COOLOFF_TIME.total_seconds())
