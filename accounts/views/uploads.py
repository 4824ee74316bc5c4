"""Pictures for products, reviews and refunds, sent before what they belong to."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.serializers import FileSerializer, UploadedSerializer
from accounts.views.person import user_of
from shop.api.envelope import success
from shop.api.images import ImageUploadParser, image_url
from shop.api.ratelimit import WriteLimit


class UploadView(APIView):
    """For shoppers and staff."""

    permission_classes = (IsAuthenticated,)
    parser_classes = (ImageUploadParser,)
    throttle_classes = (WriteLimit,)

    @extend_schema(
        request={"multipart/form-data": FileSerializer},
        responses={201: UploadedSerializer},
    )
    def post(self, request: Request) -> Response:
        """Store a picture; `images` fields take the URL that comes back."""
        body = FileSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        name = services.upload_store(
            user_id=user_of(request).pk, upload=body.validated_data["file"]
        )
        return success({"url": image_url(name)}, "上传成功", 201)
