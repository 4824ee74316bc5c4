"""What of the account is asked for most: the shopper's own record."""

import re

from django.http import HttpRequest
from rest_framework.response import Response

from accounts.serializers import user_shown
from accounts.views.person import shopper_require
from shop.api.envelope import success
from shop.api.lane import Lane


def user_read(request: HttpRequest) -> Response:
    """Answer as UserView does."""
    return success(user_shown(shopper_require(request)))


LANES = [
    Lane("GET", re.compile("/api/auth/user"), "api/auth/user", user_read),
]
