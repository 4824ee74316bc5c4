"""Who sent a request, for views that let nobody in without a token."""

from typing import cast

from rest_framework.request import Request


def shopper_id(request: Request) -> int:
    """Return the id of the shopper whom the permissions have let in."""
    return cast("int", request.user.pk)
