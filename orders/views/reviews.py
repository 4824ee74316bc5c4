"""Reviews: a shopper's own, and those of a product for everybody."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.views.person import user_of
from orders.errors import ReviewNotFound
from orders.models import Review
from orders.review_listing import review_listing, summary
from orders.serializers import (
    AppendRequestSerializer,
    ReviewFilterSerializer,
    ReviewPageSerializer,
    ReviewRequestSerializer,
    ReviewSerializer,
)
from orders.services.reviews import review_add_to, review_write
from orders.views.own_order import ORDER_NO, OwnOrderMixin
from shop.api.envelope import success
from shop.api.kept.views import KeptReads
from shop.api.pagination import (
    SIZE_DEFAULT,
    PagePagination,
    page_parameters,
)
from shop.api.ratelimit import ReadLimit, WriteLimit


class _ReviewViewSet(GenericViewSet[Review]):
    """A shopper's own reviews."""

    serializer_class = ReviewSerializer
    throttle_classes = (WriteLimit,)

    def get_queryset(self) -> Any:
        """Return what the shopper has written, newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Review.objects.none()
        own = Review.objects.filter(order_item__order__user_id=self.shopper.pk)
        return own.select_related("order_item__order", "append").order_by("-pk")

    @property
    def shopper(self) -> User:
        """Return who is asking; the permission has made sure of it."""
        return user_of(self.request)

    def answer(self, review_id: int) -> Response:
        """Answer with the review as it is now, just written or added to."""
        review = self.get_queryset().get(pk=review_id)
        return success(ReviewSerializer(review).data, "评价已提交,审核后公开", 201)


@extend_schema(parameters=[ORDER_NO])
class OrderReviewViewSet(OwnOrderMixin, ListModelMixin, _ReviewViewSet):
    """The reviews of the lines of one order."""

    def get_queryset(self) -> Any:
        """Return those of the order."""
        own = super().get_queryset()
        return own.filter(order_item__order__order_no=self.kwargs.get("orderNo"))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the order's reviews, newest first, whether others see them or not."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=ReviewRequestSerializer, responses={201: ReviewSerializer})
    def create(self, request: Request, orderNo: str) -> Response:
        """Review a line of a completed order, once; others see it when it is checked.

        `images` are URLs of what the shopper has uploaded.
        """
        body = ReviewRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        sent = body.validated_data
        review = review_write(
            order_no=orderNo,
            user_id=self.shopper.pk,
            item_id=sent["itemId"],
            rating=sent["rating"],
            content=sent["content"],
            images=sent.get("images") or [],
            is_anonymous=sent["anonymous"],
        )
        return self.answer(review.pk)


class ReviewViewSet(ListModelMixin, _ReviewViewSet):
    """A shopper's own reviews, of all orders."""

    lookup_value_regex = "[0-9]{1,18}"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Look for the review first: a stranger's does not exist, whatever is sent.

        Raises: ReviewNotFound.
        """
        super().initial(request, *args, **kwargs)
        if self.detail and not self.get_queryset().filter(pk=kwargs["pk"]).exists():
            raise ReviewNotFound

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what the shopper has written, newest first, whether others see it."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=AppendRequestSerializer, responses={201: ReviewSerializer})
    @action(methods=["post"], detail=True)
    def append(self, request: Request, pk: str) -> Response:
        """Add to a review that others see, once; others see that when it is checked."""
        body = AppendRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        review_add_to(
            review_id=int(pk),
            user_id=self.shopper.pk,
            content=body.validated_data["content"],
            images=body.validated_data.get("images") or [],
        )
        return self.answer(int(pk))


class _ReviewPagination(PagePagination):
    def cut(self, queryset: Any, start: int, size: int) -> tuple[int, list[Any]]:
        total, rows = queryset.page(start, size)
        return total, rows


class ProductReviewsView(KeptReads):
    """What the public reads of a product's reviews."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ReadLimit,)
    kept_query = {
        "page": "1",
        "size": str(SIZE_DEFAULT),
        "rating": "",
        "hasImages": "",
    }

    @extend_schema(
        operation_id="product_reviews_list",
        parameters=[
            OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH),
            *page_parameters(),
            ReviewFilterSerializer,
        ],
        responses=ReviewPageSerializer,
    )
    def get(self, request: Request, id: str) -> dict[str, Any]:
        """List the reviews of a product, newest first, with what all of them say."""
        query = ReviewFilterSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        rating = query.validated_data.get("rating")
        listing = review_listing(
            int(id),
            rating=int(rating) if rating else None,
            has_images=query.validated_data.get("hasImages") == "true",
        )
        page = _ReviewPagination()
        rows = page.paginate_queryset(listing, request)
        return {**page.paged(rows), "summary": summary(listing.tallies)}
