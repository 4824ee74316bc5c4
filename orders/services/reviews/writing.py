"""A shopper's own review of a line, and what is added to it later."""

from collections.abc import Collection

from django.db import transaction

from accounts.errors import UserNotFound
from accounts.locks import shopper_hold
from accounts.services import uploads_require
from orders.errors import (
    IllegalTransition,
    ReviewChanged,
    ReviewNotFound,
    ReviewWritten,
)
from orders.locks import own_order_lock, review_lock
from orders.models import (
    Order,
    OrderItem,
    OrderStatus,
    Review,
    ReviewAppend,
)
from orders.services.reviews.checking import check_enqueue
from orders.services.reviews.states import Text, review_note
from shop.errors import Invalid


@transaction.atomic(durable=True)
def review_write(
    *,
    order_no: str,
    user_id: int,
    item_id: int,
    rating: int,
    content: str,
    images: Collection[str] = (),
    is_anonymous: bool = False,
) -> Review:
    """Write what a shopper thinks of a line of their own completed order, once.

    `images` are storage names of pictures that the shopper has sent. A job has it
    checked before anybody else sees it.

    Locks: the shopper, against a deletion of the account at the same moment; the order.
    Raises: UserNotFound, OrderNotFound, ReviewWritten, IllegalTransition, Invalid.
    """
    if not shopper_hold(user_id):
        raise UserNotFound
    uploads_require(user_id=user_id, names=images)
    order = own_order_lock(order_no, user_id)
    item = order.items.filter(pk=item_id).first()
    if item is None:
        raise Invalid.field("itemId", "订单中没有该商品")
    _require_reviewable(order, item)
    review = Review.objects.create(
        order_item=item,
        product_id=item.product_id,
        rating=rating,
        content=content,
        images=list(images),
        is_anonymous=is_anonymous,
        nickname=order.user.nickname,
    )
    order.items.filter(pk=item.pk).update(is_reviewed=True)
    _check_later(review, user_id)
    return review


@transaction.atomic(durable=True)
def review_add_to(
    *, review_id: int, user_id: int, content: str, images: Collection[str] = ()
) -> ReviewAppend:
    """Add to a shopper's own review that the public sees, once.

    Locks: the shopper, as when it is written; the review.
    Raises: ReviewNotFound, ReviewWritten, ReviewChanged, Invalid.
    """
    own = Review.objects.filter(pk=review_id, order_item__order__user_id=user_id)
    if not own.exists() or not shopper_hold(user_id):
        raise ReviewNotFound
    uploads_require(user_id=user_id, names=images)
    review = review_lock(review_id)
    _require_open_to_more(review)
    append = ReviewAppend.objects.create(
        review=review, content=content, images=list(images)
    )
    _check_later(append, user_id)
    return append


def _require_reviewable(order: Order, item: OrderItem) -> None:
    """Raises: ReviewWritten, IllegalTransition."""
    if item.is_reviewed:
        raise ReviewWritten
    if order.status != OrderStatus.COMPLETED:
        raise IllegalTransition("订单完成后才能评价", status=order.status)
    if order.is_review_late:
        raise IllegalTransition("已超过评价期限", status=order.status)
    if not item.is_reviewable:
        raise IllegalTransition("该商品已退款,不能评价", status=order.status)


def _require_open_to_more(review: Review) -> None:
    """Raises: ReviewWritten, ReviewChanged."""
    if ReviewAppend.objects.filter(review=review).exists():
        raise ReviewWritten("已追评过,请勿重复提交")
    if not review.is_public:
        raise ReviewChanged("评价公开后才能追评")
    if review.is_append_late:
        raise ReviewChanged("已超过追评期限")


def _check_later(text: Text, user_id: int) -> None:
    """Write the first event, and queue the check of the text."""
    review_note(text, came_from="", operator_id=user_id)
    check_enqueue(text)
