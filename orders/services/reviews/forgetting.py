"""What is left of a shopper's reviews when the account is deleted."""

from catalog.locks import products_lock
from orders.locks import own_reviews_lock
from orders.models import Review, ReviewAppend, ReviewEvent, ReviewState
from orders.services.reviews.states import tally_add
from shop.api.kept.store import answers_drop


def reviews_forget(user_id: int) -> None:
    """Take a person out of what they wrote; what the public sees stays as words.

    Pictures go with the shopper's other uploads; what nobody saw goes whole.

    Locks: the reviews, then the products of those with pictures.
    """
    reviews = own_reviews_lock(user_id)
    illustrated = [one for one in reviews if one.is_public and one.has_images]
    if illustrated:
        products_lock(review.product_id for review in illustrated)
    for review in illustrated:
        tally_add(review, has_images=True, number=-1)
        tally_add(review, has_images=False, number=1)
    ids = [review.pk for review in reviews]
    own = Review.objects.filter(pk__in=ids)
    own.update(images=[], nickname="", is_anonymous=True, reason="")
    appends = ReviewAppend.objects.filter(review__in=ids)
    appends.update(images=[], reason="")
    unseen = {"state": ReviewState.HIDDEN, "content": ""}
    own.exclude(state=ReviewState.PUBLIC).update(**unseen, answer="")
    appends.exclude(state=ReviewState.PUBLIC).update(**unseen)
    # What staff have written of the person; the admin's history has only their deeds.
    events = ReviewEvent.objects.filter(review__in=ids, operator__isnull=False)
    events.update(reason="")
    if any(review.is_public for review in reviews):
        answers_drop()
