"""What staff do about reviews: publish, hide, answer."""

from django.db import transaction
from django.utils import timezone

from orders.errors import ReviewChanged
from orders.locks import review_lock
from orders.models import ReviewState
from orders.services.reviews.states import review_move, text_of
from shop.api.kept.store import answers_drop


@transaction.atomic(durable=True)
def review_publish(
    *,
    review_id: int,
    operator_id: int | None,
    is_append: bool = False,
    reason: str = "",
    seen: str | None = None,
) -> None:
    """Let everybody see a review, or what was added to it.

    `seen` is the state that whoever publishes it knew of: what a colleague has hidden
    since stays hidden.

    Locks: the review, then its product.
    Raises: ReviewChanged, also for one whose writer is gone, of which nothing is left.
    """
    text = text_of(review_lock(review_id), is_append=is_append)
    if seen not in (None, text.state):
        raise ReviewChanged
    if not text.content:
        raise ReviewChanged("买家已注销,内容已删除")
    review_move(text, to=ReviewState.PUBLIC, operator_id=operator_id, reason=reason)
    answers_drop()


@transaction.atomic(durable=True)
def review_hide(
    *, review_id: int, operator_id: int, reason: str, is_append: bool = False
) -> None:
    """Let nobody but its writer see a review, or what was added to it.

    Locks: the review, then its product.
    Raises: ReviewChanged.
    """
    text = text_of(review_lock(review_id), is_append=is_append)
    review_move(text, to=ReviewState.HIDDEN, operator_id=operator_id, reason=reason)
    answers_drop()


@transaction.atomic(durable=True)
def review_answer(
    *, review_id: int, operator_id: int | None, answer: str, seen: str = ""
) -> None:
    """Answer a review for everybody to read, instead of what was answered before.

    `seen` is the answer that whoever writes this one knew of.

    Locks: the review.
    Raises: ReviewChanged.
    """
    review = review_lock(review_id)
    if review.answer != seen:
        raise ReviewChanged
    review.answer, review.answered_at = answer, timezone.now()
    review.answered_by_id = operator_id
    review.save(update_fields=["answer", "answered_at", "answered_by", "updated_at"])
    answers_drop()
