"""A shopper's own record."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.serializers import (
    AvatarSerializer,
    CodeSerializer,
    FileSerializer,
    PhoneSerializer,
    UserSerializer,
    user_shown,
)
from accounts.views.person import user_of
from shop.api.envelope import success
from shop.api.images import ImageUploadParser, image_url
from shop.api.ratelimit import WriteLimit


class UserView(APIView):
    """Read and change oneself; orders add the deletion."""

    throttle_classes = (WriteLimit,)

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """Return the shopper's own record."""
        return success(user_shown(user_of(request)))

    @extend_schema(request=UserSerializer(partial=True), responses=UserSerializer)
    def put(self, request: Request) -> Response:
        """Change the fields that are sent."""
        return self._update(request)

    @extend_schema(request=UserSerializer(partial=True), responses=UserSerializer)
    def patch(self, request: Request) -> Response:
        """Change the fields that are sent."""
        return self._update(request)

    def _update(self, request: Request) -> Response:
        user = user_of(request)
        body = UserSerializer(user, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        user = services.user_update(user_id=user.pk, **body.validated_data)
        return success(user_shown(user), "更新成功")


class PhoneView(APIView):
    throttle_classes = (WriteLimit,)

    @extend_schema(request=CodeSerializer, responses=PhoneSerializer)
    def post(self, request: Request) -> Response:
        """Store the number behind a code of the phone button."""
        body = CodeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.user_phone_bind(
            user_id=user_of(request).pk, code=body.validated_data["code"]
        )
        return success({"phone": user.phone})


class AvatarView(APIView):
    parser_classes = (ImageUploadParser,)
    throttle_classes = (WriteLimit,)

    @extend_schema(
        request={"multipart/form-data": FileSerializer}, responses=AvatarSerializer
    )
    def post(self, request: Request) -> Response:
        """Upload a picture and make it the avatar."""
        body = FileSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.user_avatar_upload(
            user_id=user_of(request).pk, upload=body.validated_data["file"]
        )
        return success({"avatar": image_url(user.avatar)})
