"""The account as only the topmost app can see it: with its orders."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.serializers import CodeSerializer
from accounts.services import shopper_code_check
from accounts.views import UserView
from accounts.views.person import user_of
from orders.services.accounts import account_delete, account_export
from shop.api.envelope import success
from shop.api.ratelimit import ExportLimit


class AccountView(UserView):
    """Show, change and delete the shopper's own account."""

    @extend_schema(request=CodeSerializer, responses={200: None})
    def delete(self, request: Request) -> Response:
        """Erase the account, proved by a fresh login code of the same shopper."""
        body = CodeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = user_of(request)
        shopper_code_check(user=user, code=body.validated_data["code"])
        account_delete(user_id=user.pk)
        return success(message="账号已注销")


class AccountExportView(APIView):
    """Hand a shopper everything that is kept about them."""

    throttle_classes = (ExportLimit,)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the account, the addresses and the orders."""
        return success(account_export(user=user_of(request)))
