"""What of the account is asked for most: the shopper's own record."""

import re

from django.http import HttpRequest, HttpResponse

from accounts.serializers import user_shown
from accounts.views.person import shopper_require
from shop.api.envelope import success_written
from shop.api.lane import Lane


def user_read(request: HttpRequest) -> HttpResponse:
    """Answer as UserView does."""
    return success_written(user_shown(shopper_require(request)))


LANES = [
    Lane("GET", re.compile("/api/auth/user"), "api/auth/user", user_read),
]
