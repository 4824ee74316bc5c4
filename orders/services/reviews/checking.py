"""WeChat's look at what shoppers write, before anybody else's."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from orders.locks import review_lock
from orders.models import Review, ReviewAppend, ReviewState
from orders.services.reviews.states import Text, review_move, text_named, text_of
from shop.errors import ShopError
from shop.queue import job_enqueue
from shop.wechat.content import (
    CONTENT_RISKY,
    USER_AWAY,
    Suggestion,
    comment_check,
)
from shop.wechat.errors import WeChatDeclined

logger = logging.getLogger(__name__)

# A job that fails is tried again within an hour, and leaves its trace in the row.
LOST_AFTER = timedelta(hours=2)
# Staff see it then: whatever WeChat's trouble is, nobody waits for ever.
OPEN_FOR = timedelta(days=1)
_BATCH_SIZE = 1000


def check_enqueue(text: Text) -> None:
    """Have a text checked, in the transaction that wrote it."""
    job_enqueue("orders.jobs.review_check", **text_named(text))


def review_check(*, review_id: int, is_append: bool) -> None:
    """Have WeChat judge a text; does nothing when that is decided already.

    What passes becomes public, unless it has pictures, at which staff look. What WeChat
    can't or won't judge waits for staff, too, as does what it leaves open for a day.

    Locks: the review, then its product.
    Raises: ShopError, when it must be tried again.
    """
    review = Review.objects.select_related("order_item__order__user").get(pk=review_id)
    text = text_of(review, is_append=is_append)
    if text.state != ReviewState.CHECKING:
        return
    try:
        to, reason = _judged(review, text)
    except ShopError:
        if timezone.now() < text.created_at + OPEN_FOR:
            # The try is its trace: whoever looks for lost jobs goes by that.
            _checking(type(text)).filter(pk=text.pk).update(updated_at=timezone.now())
            raise
        to, reason = ReviewState.WAITING, "微信一天内未能检测"
    with transaction.atomic(durable=True):
        text = text_of(review_lock(review_id), is_append=is_append)
        # Staff, or a twin, may have decided meanwhile.
        if text.state == ReviewState.CHECKING:
            review_move(text, to=to, operator_id=None, reason=reason)


def _checking(model: type[Text]) -> QuerySet[Any]:
    return model._default_manager.filter(state=ReviewState.CHECKING)


def _judged(review: Review, text: Text) -> tuple[ReviewState, str]:
    """Return where a text belongs, and why.

    Raises: ShopError, when WeChat could not be asked.
    """
    try:
        verdict = comment_check(
            openid=review.order_item.order.user.openid or "",
            content=text.content,
            nickname=review.nickname,
        )
    except WeChatDeclined as error:
        return _declined(text, error.errcode)
    if verdict.suggestion == Suggestion.RISKY:
        return ReviewState.HIDDEN, f"微信检测不通过:{verdict.label}"
    if verdict.suggestion == Suggestion.REVIEW:
        return ReviewState.WAITING, f"微信建议人工审核:{verdict.label}"
    if text.images:
        return ReviewState.WAITING, "文字已通过,图片待人工查看"
    return ReviewState.PUBLIC, ""


def _declined(text: Text, errcode: int) -> tuple[ReviewState, str]:
    """Return where a text belongs that WeChat has not judged."""
    if errcode == CONTENT_RISKY:
        return ReviewState.HIDDEN, "微信检测不通过"
    if errcode == USER_AWAY:
        return ReviewState.WAITING, "买家两小时内未访问小程序,微信不能检测"
    logger.error("%s %d was not judged: errcode %d", text._meta.label, text.pk, errcode)
    return ReviewState.WAITING, f"微信拒绝检测,错误码{errcode}"


def reviews_resume(*, now: datetime | None = None) -> int:
    """Queue again the checks without a try for long; return how many."""
    now = now or timezone.now()
    return sum(_resume(model, now) for model in (Review, ReviewAppend))


def _resume(model: type[Text], now: datetime) -> int:
    lost = _checking(model).filter(updated_at__lte=now - LOST_AFTER)
    count = 0
    for text in lost.order_by("pk")[:_BATCH_SIZE]:
        with transaction.atomic(durable=True):
            # Another run may have been quicker.
            if lost.filter(pk=text.pk).update(updated_at=now):
                check_enqueue(text)
                count += 1
    return count
