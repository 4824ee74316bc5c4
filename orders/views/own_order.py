"""What belongs to one of the shopper's own orders."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.views.person import user_of
from orders.errors import OrderNotFound
from orders.models import Order

ORDER_NO = OpenApiParameter("orderNo", OpenApiTypes.STR, OpenApiParameter.PATH)


class OwnOrderMixin(APIView):
    """Views below `/orders/{orderNo}/`."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Look for the order first: a stranger's does not exist, whatever is sent.

        Raises: OrderNotFound.
        """
        super().initial(request, *args, **kwargs)
        shopper = user_of(request)
        own = Order.objects.of(shopper.pk).filter(order_no=kwargs["orderNo"])
        if not own.exists():
            raise OrderNotFound
