"""The one place that writes where a review stands, and what it counts for."""

from typing import Any, TypeAlias

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.services.ratings import rating_add
from orders.errors import ReviewChanged
from orders.models import (
    Review,
    ReviewAppend,
    ReviewEvent,
    ReviewState,
    ReviewTally,
)
from orders.models.review import REVIEW_TRANSITIONS
from shop.metrics import REVIEWS

Text: TypeAlias = Review | ReviewAppend


def text_of(review: Review, *, is_append: bool) -> Text:
    """Return a review, or what was added to it."""
    return review.append if is_append else review


def text_named(text: Text) -> dict[str, Any]:
    """Return by what events and jobs find a text: its review, and which of the two."""
    is_append = isinstance(text, ReviewAppend)
    review_id = text.review_id if isinstance(text, ReviewAppend) else text.pk
    return {"review_id": review_id, "is_append": is_append}


def review_move(
    text: Text, *, to: ReviewState, operator_id: int | None, reason: str = ""
) -> None:
    """Move a review or its append on, write the event, count what the public sees.

    Locks: the caller holds the review's lock; then the product, if its rating changes.
    The update asks for the old state all the same.
    Raises: ReviewChanged.
    """
    old = ReviewState(text.state)
    rows = type(text)._default_manager.filter(pk=text.pk, state=old)
    now = timezone.now()
    if to not in REVIEW_TRANSITIONS[old] or not rows.update(
        state=to, reason=reason, updated_at=now
    ):
        raise ReviewChanged
    text.state, text.reason, text.updated_at = to, reason, now
    review_note(text, came_from=old, operator_id=operator_id, reason=reason)
    if isinstance(text, Review) and ReviewState.PUBLIC in (old, to):
        review_count(text, 1 if text.is_public else -1)


def review_note(
    text: Text, *, came_from: str, operator_id: int | None, reason: str = ""
) -> None:
    """Write what became of a review or its append, which has moved already."""
    ReviewEvent.objects.create(
        **text_named(text),
        from_state=came_from,
        to_state=text.state,
        operator_id=operator_id,
        reason=reason,
    )
    transaction.on_commit(REVIEWS.labels(str(text.state)).inc)


def review_count(review: Review, number: int) -> None:
    """Count a review as one that the public sees (1), or no more (-1).

    Locks: its product; under that its tally needs no lock of its own.
    """
    rating_add(product_id=review.product_id, count=number, stars=number * review.rating)
    tally_add(review, has_images=review.has_images, number=number)


def tally_add(review: Review, *, has_images: bool, number: int) -> None:
    """Count a review as one of its kind; the caller holds the product's lock."""
    kind = {
        "product_id": review.product_id,
        "rating": review.rating,
        "has_images": has_images,
    }
    changed = ReviewTally.objects.filter(**kind).update(
        count=F("count") + number, changes=F("changes") + 1
    )
    if not changed:
        ReviewTally.objects.create(**kind, count=number, changes=1)
