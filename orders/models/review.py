"""What shoppers say of what they bought; others see it when it has been checked."""

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.utils import timezone

from catalog.models import Product
from orders.models.order_item import OrderItem

CONTENT_MAX = 500
RATING_MAX = 5
IMAGES_MAX = 9
_NEWEST = F("created_at").desc(), F("id").desc()


class ReviewState(models.TextChoices):
    """Where a text stands; the public sees only what is public."""

    CHECKING = "checking", "微信检测中"
    WAITING = "waiting", "待人工审核"
    PUBLIC = "public", "已公开"
    HIDDEN = "hidden", "已隐藏"


UNPUBLISHED = (ReviewState.CHECKING, ReviewState.WAITING, ReviewState.HIDDEN)
REVIEW_TRANSITIONS: Mapping[ReviewState, tuple[ReviewState, ...]] = {
    ReviewState.CHECKING: (
        ReviewState.WAITING,
        ReviewState.PUBLIC,
        ReviewState.HIDDEN,
    ),
    ReviewState.WAITING: (ReviewState.PUBLIC, ReviewState.HIDDEN),
    ReviewState.PUBLIC: (ReviewState.HIDDEN,),
    ReviewState.HIDDEN: (ReviewState.PUBLIC,),
}


class CheckedText(models.Model):
    """A text with pictures that nobody but its writer and staff see unchecked."""

    content = models.CharField("内容", max_length=CONTENT_MAX)
    # Storage names of the shopper's pictures.
    images = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, verbose_name="图片"
    )
    state = models.CharField(
        "状态",
        max_length=10,
        choices=ReviewState.choices,
        default=ReviewState.CHECKING,
    )
    # Why it stands there: WeChat's word, or that of staff.
    reason = models.CharField("说明", max_length=200, default="", blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        abstract = True

    @property
    def decisions(self) -> list[str]:
        """Name what staff may decide; of what its writer took away nothing is left."""
        publish = [] if self.is_public or not self.content else ["publish"]
        return [*publish, *([] if self.state == ReviewState.HIDDEN else ["hide"])]

    @property
    def is_public(self) -> bool:
        """Tell whether everybody may see it."""
        return self.state == ReviewState.PUBLIC


class ReviewQuerySet(models.QuerySet["Review"]):
    """Filters by the review's own words."""

    def waiting(self) -> "ReviewQuerySet":
        """Keep what staff have to look at, or what was added to it."""
        appends = ReviewAppend.objects.filter(state=ReviewState.WAITING)
        # One list of ids: beside an OR of the two, every review would be read.
        own = Review.objects.filter(state=ReviewState.WAITING).values("pk")
        return self.filter(pk__in=own.union(appends.values("review")))

    def unanswered(self) -> "ReviewQuerySet":
        """Keep what everybody sees without a word of the shop."""
        return self.filter(state=ReviewState.PUBLIC, answer="")


class Review(CheckedText):
    """A review of a line of an order, by who bought it."""

    order_item = models.OneToOneField(
        OrderItem, models.PROTECT, related_name="review", verbose_name="订单商品"
    )
    # That of the line, for the public list; its index begins with it.
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        related_name="+",
        verbose_name="商品",
        db_index=False,
    )
    rating = models.PositiveSmallIntegerField("评分")
    is_anonymous = models.BooleanField("匿名", default=False)
    # As it was then, and as it was checked: a later one was not.
    nickname = models.CharField("昵称", max_length=64, default="", blank=True)
    has_images = models.GeneratedField(
        expression=ExpressionWrapper(Q(images__len__gt=0), models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
        verbose_name="有图",
    )
    # What staff told everybody.
    answer = models.CharField("回复", max_length=CONTENT_MAX, default="", blank=True)
    answered_at = models.DateTimeField("回复时间", null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="回复人",
        db_index=False,
    )

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = "评价"
        verbose_name_plural = "评价"
        permissions = (
            ("moderate_review", "可以公开或隐藏评价"),
            ("answer_review", "可以回复评价"),
        )
        constraints = (
            models.CheckConstraint(
                name="review_rating_range",
                condition=Q(rating__gte=1, rating__lte=RATING_MAX),
            ),
            models.CheckConstraint(
                name="review_state_known", condition=Q(state__in=ReviewState.values)
            ),
        )
        indexes = (
            # The public list of a product, whole and as it may be narrowed. By the
            # time, so that nothing else has its order: a walk over all ids is long.
            models.Index("product", "state", *_NEWEST, name="review_product"),
            models.Index(
                *("product", "rating", *_NEWEST),
                name="review_rating",
                condition=Q(state=ReviewState.PUBLIC),
            ),
            models.Index(
                *("product", *_NEWEST),
                name="review_images",
                condition=Q(state=ReviewState.PUBLIC, has_images=True),
            ),
            # What staff look for.
            models.Index(
                "state",
                F("id").desc(),
                name="review_unpublished",
                condition=Q(state__in=UNPUBLISHED),
            ),
            models.Index(
                F("id").desc(),
                name="review_unanswered",
                condition=Q(state=ReviewState.PUBLIC, answer=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.rating}星 {self.order_item.name}"

    @property
    def is_append_late(self) -> bool:
        """Tell whether the time to add to it has passed."""
        days = timedelta(days=settings.ORDER_REVIEW_APPEND_DAYS)
        return self.created_at + days < timezone.now()

    @property
    def actions(self) -> list[str]:
        """Name what its writer may do now."""
        is_open = self.is_public and self.added is None and not self.is_append_late
        return ["append"] if is_open else []

    @property
    def staff_actions(self) -> list[str]:
        """Name what staff may do now."""
        added = self.added.decisions if self.added else []
        answer = [] if self.state == ReviewState.HIDDEN else ["answer"]
        return [*self.decisions, *(f"{name}_append" for name in added), *answer]

    @property
    def added(self) -> "ReviewAppend | None":
        """Return what was added to it, if anything was."""
        return getattr(self, "append", None)


class ReviewAppend(CheckedText):
    """What a shopper adds to a review later, once."""

    review = models.OneToOneField(
        Review, models.PROTECT, related_name="append", verbose_name="评价"
    )

    class Meta:
        verbose_name = "追评"
        verbose_name_plural = "追评"
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                name="reviewappend_state_known",
                condition=Q(state__in=ReviewState.values),
            ),
        )
        indexes = (
            models.Index(
                "state",
                name="reviewappend_unpublished",
                condition=Q(state__in=UNPUBLISHED),
            ),
        )

    def __str__(self) -> str:
        return f"追评 {self.review_id}"


class ReviewEvent(models.Model):
    """What became of a review, or of its append: from, to, who, why. Append-only."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="events")
    is_append = models.BooleanField("追评", default=False)
    # Empty at the first event, the writing.
    from_state = models.CharField("原状态", max_length=10, default="", blank=True)
    to_state = models.CharField("新状态", max_length=10)
    # Null when nobody did it but WeChat's check.
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    reason = models.CharField("说明", max_length=200, default="", blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "评价事件"
        verbose_name_plural = "评价事件"
        default_permissions = ()
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class ReviewTally(models.Model):
    """How many public reviews of a product there are of a kind.

    Written under the product's lock, with the product's own sums.
    """

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", db_index=False
    )
    rating = models.PositiveSmallIntegerField()
    has_images = models.BooleanField()
    count = models.PositiveIntegerField(default=0)
    # Grows with whatever comes or goes: the list's version.
    changes = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                "product", "rating", "has_images", name="reviewtally_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.product_id} {self.rating}星 {self.count}"
