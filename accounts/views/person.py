"""Who sent a request, for views that let nobody in without a token."""

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User


def user_of(request: Request | HttpRequest) -> User:
    """Return the user whom the permissions, or the admin, have let in."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("this view lets anonymous requests in")
    return user
