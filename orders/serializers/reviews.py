"""Reviews on the wire: what shoppers send, see of their own, and show to everybody."""

from typing import Any

from rest_framework import serializers

from orders.models import Review, ReviewAppend, ReviewState
from orders.models.review import CONTENT_MAX, IMAGES_MAX, RATING_MAX, CheckedText
from orders.serializers.refunds import PicturesField
from shop.api.images import ImageField
from shop.api.pagination import PaginationSerializer
from shop.api.serializers import (
    IdField,
    LocalTimeField,
    ShopModelSerializer,
    ShopSerializer,
    WholeNumberField,
)
from shop.api.text import PlainTextField

# A shopper waits for WeChat and for staff alike.
_CHECKING, _PUBLIC, _HIDDEN = "checking", "public", "hidden"
_STATUSES = {
    ReviewState.CHECKING: _CHECKING,
    ReviewState.WAITING: _CHECKING,
    ReviewState.PUBLIC: _PUBLIC,
    ReviewState.HIDDEN: _HIDDEN,
}
_STATUS_TEXTS = {
    _CHECKING: "审核中",
    _PUBLIC: "已公开",
    _HIDDEN: "审核未通过",
}


class AppendRequestSerializer(ShopSerializer):
    """What a shopper says, with pictures."""

    content = PlainTextField(label="评价内容", max_length=CONTENT_MAX)
    images = PicturesField(
        label="图片", max_length=IMAGES_MAX, required=False, allow_null=True
    )


class ReviewRequestSerializer(AppendRequestSerializer):
    """A review of one line of an order."""

    itemId = IdField(label="商品")
    rating = WholeNumberField(label="评分", min_value=1, max_value=RATING_MAX)
    anonymous = serializers.BooleanField(label="匿名", default=False)


class _OwnTextSerializer(ShopModelSerializer):
    """A text as its writer sees it, with where it stands."""

    images = serializers.ListField(child=ImageField())
    status = serializers.SerializerMethodField()
    statusText = serializers.SerializerMethodField()
    createdAt = LocalTimeField(source="created_at")

    def get_status(self, text: CheckedText) -> str:
        """Say whether others see it."""
        return _STATUSES[ReviewState(text.state)]

    def get_statusText(self, text: CheckedText) -> str:
        """Say that in Chinese."""
        return _STATUS_TEXTS[self.get_status(text)]


_TEXT_FIELDS = ("content", "images", "status", "statusText", "createdAt")


class AppendSerializer(_OwnTextSerializer):
    """What was added to a review later."""

    class Meta:
        model = ReviewAppend
        fields = _TEXT_FIELDS
        read_only_fields = fields


class ReviewSerializer(_OwnTextSerializer):
    """A review as its writer sees it; line and append are read with it."""

    orderNo = serializers.CharField(source="order_item.order.order_no")
    itemId = serializers.IntegerField(source="order_item_id")
    productId = serializers.IntegerField(source="product_id")
    name = serializers.CharField(source="order_item.name")
    specs = serializers.DictField(
        source="order_item.specs", child=serializers.CharField()
    )
    image = ImageField(source="order_item.image")
    anonymous = serializers.BooleanField(source="is_anonymous")
    answeredAt = LocalTimeField(source="answered_at", allow_null=True)
    append = AppendSerializer(source="added", allow_null=True)
    actions = serializers.ListField(child=serializers.ChoiceField(choices=["append"]))

    class Meta:
        model = Review
        fields = (
            "id",
            "orderNo",
            "itemId",
            "productId",
            "name",
            "specs",
            "image",
            "rating",
            *_TEXT_FIELDS,
            "anonymous",
            "answer",
            "answeredAt",
            "append",
            "actions",
        )
        read_only_fields = fields


class ReviewFilterSerializer(ShopSerializer):
    """How a product's reviews are narrowed; an empty value is as good as none."""

    rating = serializers.ChoiceField(
        label="评分",
        choices=[str(rating) for rating in range(1, RATING_MAX + 1)],
        required=False,
        allow_blank=True,
    )
    hasImages = serializers.ChoiceField(
        label="有图", choices=["true", "false"], required=False, allow_blank=True
    )


class ShownAppendSerializer(serializers.Serializer[Any]):
    """What was added to a review, as everybody sees it."""

    content = serializers.CharField()
    images = serializers.ListField(child=serializers.URLField())
    createdAt = serializers.DateTimeField()


class ShownReviewSerializer(serializers.Serializer[Any]):
    """A review as everybody sees it."""

    id = serializers.IntegerField()
    rating = serializers.IntegerField(min_value=1, max_value=RATING_MAX)
    content = serializers.CharField()
    images = serializers.ListField(child=serializers.URLField())
    nickname = serializers.CharField(help_text="Masked.")
    avatar = serializers.CharField(
        help_text="URL of a picture that the shop keeps; empty when there is none."
    )
    specs = serializers.DictField(child=serializers.CharField())
    createdAt = serializers.DateTimeField()
    answer = serializers.CharField(help_text="What the shop says; empty for nothing.")
    answeredAt = serializers.DateTimeField(allow_null=True)
    append = ShownAppendSerializer(allow_null=True)


class RatingCountSerializer(serializers.Serializer[Any]):
    """How many reviews give so many stars."""

    rating = serializers.IntegerField(min_value=1, max_value=RATING_MAX)
    count = serializers.IntegerField()


class SummarySerializer(serializers.Serializer[Any]):
    """All public reviews of a product, however the list is narrowed."""

    count = serializers.IntegerField()
    average = serializers.FloatField(allow_null=True)
    withImages = serializers.IntegerField()
    ratings = RatingCountSerializer(many=True, help_text="From five stars to one.")


class ReviewPageSerializer(serializers.Serializer[Any]):
    """A page of a product's reviews."""

    list = ShownReviewSerializer(many=True)
    pagination = PaginationSerializer()
    summary = SummarySerializer()
