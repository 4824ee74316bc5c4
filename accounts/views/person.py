"""Who sent a request, for views that let nobody in without a token."""

from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.authentication import SessionTokenAuthentication
from accounts.models import User
from shop.errors import Forbidden

_authentication = SessionTokenAuthentication()


def user_of(request: Request | HttpRequest) -> User:
    """Return the user whom the permissions, or the admin, have let in."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("this view lets anonymous requests in")
    return user


def shopper_require(request: HttpRequest) -> User:
    """Return the shopper who sends a request, for a view without DRF's dispatch.

    What SessionTokenAuthentication and IsShopper do together.

    Raises: NotAuthenticated, TokenExpired, TokenInvalid, UserNotFound, Forbidden.
    """
    found = _authentication.authenticate(request)
    if found is None:
        error: Any = NotAuthenticated()
        error.auth_header = 'Bearer realm="api"'
        raise error
    user: User = found[0]
    # The access line names whoever it is.
    request.user = user
    if user.is_staff:
        raise Forbidden
    return user
