"""The states of a refund, and what each of them means to whom."""

from collections.abc import Mapping

from django.db import models


class RefundKind(models.TextChoices):
    """Why money goes back, and so who had a say in it."""

    CANCEL = "cancel", "取消订单"
    AFTER_SALE = "after_sale", "售后"
    STAFF = "staff", "商家退款"
    AUTOMATIC = "automatic", "自动退款"


class RefundState(models.TextChoices):
    """Where a refund is; WeChat has a part in it from processing on."""

    REQUESTED = "requested", "待处理"
    APPROVED = "approved", "待退款"
    PROCESSING = "processing", "退款中"
    SUCCEEDED = "succeeded", "已退款"
    FAILED = "failed", "退款失败"
    REJECTED = "rejected", "已拒绝"
    WITHDRAWN = "withdrawn", "已撤回"


# Approved again is what staff do with one that failed. One that WeChat calls abnormal
# is brought to its end at the merchant platform, and so succeeds later; any other can
# be paid in another way.
REFUND_TRANSITIONS: Mapping[RefundState, frozenset[RefundState]] = {
    RefundState.REQUESTED: frozenset(
        {RefundState.APPROVED, RefundState.REJECTED, RefundState.WITHDRAWN}
    ),
    RefundState.APPROVED: frozenset(
        {RefundState.PROCESSING, RefundState.SUCCEEDED, RefundState.FAILED}
    ),
    RefundState.PROCESSING: frozenset({RefundState.SUCCEEDED, RefundState.FAILED}),
    RefundState.FAILED: frozenset(
        {RefundState.APPROVED, RefundState.PROCESSING, RefundState.SUCCEEDED}
    ),
    RefundState.SUCCEEDED: frozenset(),
    RefundState.REJECTED: frozenset(),
    RefundState.WITHDRAWN: frozenset(),
}
# What no longer counts against what was paid.
DROPPED = (RefundState.REJECTED, RefundState.WITHDRAWN)
# Staff have not granted it, or never will.
UNDECIDED = (RefundState.REQUESTED, *DROPPED)
# Somebody, we or WeChat, has still to do something.
UNFINISHED = (
    RefundState.REQUESTED,
    RefundState.APPROVED,
    RefundState.PROCESSING,
    RefundState.FAILED,
)
# Staff have to do something.
WAITING = (RefundState.REQUESTED, RefundState.FAILED)

# Staff decide on these: what they grant is limited.
BY_STAFF = (RefundKind.AFTER_SALE, RefundKind.STAFF)


class RefundDeed(models.TextChoices):
    """What staff do to a request that waits and goes on waiting."""

    AGREED = "agreed", "第一人同意"
    RETURNED = "returned", "退回重审"
