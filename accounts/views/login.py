"""Logins, and the life of their tokens.

These routes do not look at Authorization: a client whose token has just died uses them.
"""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts import services
from accounts.serializers import (
    CodeSerializer,
    LoginSerializer,
    RefreshTokenSerializer,
    StaffLoginSerializer,
    StaffTokensSerializer,
    TokensSerializer,
)
from shop.api.envelope import success
from shop.api.ratelimit import (
    LoginLimit,
    SessionLimit,
    StaffLoginLimit,
)


class PublicView(APIView):
    """A route of the login, limited by address."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes: tuple[type[BaseThrottle], ...] = (LoginLimit,)


class LoginView(PublicView):
    @extend_schema(request=CodeSerializer, responses=LoginSerializer)
    def post(self, request: Request) -> Response:
        """Log a shopper in by a code of wx.login; the first time makes the account."""
        body = CodeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        login = services.shopper_login(code=body.validated_data["code"])
        facts = {
            "userId": login.user.pk,
            "isNew": login.is_new,
            "userInfo": login.user,
            **vars(login.tokens),
        }
        return success(LoginSerializer(facts).data)


class StaffLoginView(PublicView):
    throttle_classes = (LoginLimit, StaffLoginLimit)

    @extend_schema(request=StaffLoginSerializer, responses=StaffTokensSerializer)
    def post(self, request: Request) -> Response:
        """Log staff in by name and password."""
        body = StaffLoginSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user, tokens = services.staff_login(request=request, **body.validated_data)
        facts = {"userId": user.pk, **vars(tokens)}
        return success(StaffTokensSerializer(facts).data)


class RefreshView(PublicView):
    throttle_classes = (SessionLimit,)

    @extend_schema(request=RefreshTokenSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Exchange a refresh token, once, for a new pair of tokens."""
        body = RefreshTokenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        tokens = services.session_refresh(
            refresh_token=body.validated_data["refreshToken"]
        )
        return success(TokensSerializer(tokens).data)


class LogoutView(PublicView):
    throttle_classes = (SessionLimit,)

    @extend_schema(request=RefreshTokenSerializer, responses={200: None})
    def post(self, request: Request) -> Response:
        """End the session of a refresh token, and with it its access token."""
        body = RefreshTokenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.session_end(refresh_token=body.validated_data["refreshToken"])
        return success()
