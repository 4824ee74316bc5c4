"""What of the orders must be quickest: placing one."""

import re

from django.http import HttpRequest
from rest_framework.response import Response

from accounts.views.person import shopper_require
from orders.views.orders import order_placed
from shop.api.lane import Lane
from shop.api.parsers import StrictJSONParser
from shop.api.ratelimit import WriteLimit


def order_create(request: HttpRequest) -> Response:
    """Answer as OrderViewSet does, with the same steps in the same order."""
    user = shopper_require(request)
    WriteLimit().allow(request)
    sent = StrictJSONParser().parse(request, parser_context={"request": request})
    return order_placed(request, user_id=user.pk, sent=sent)


LANES = [
    Lane("POST", re.compile("/api/orders"), "api/orders", order_create),
]
