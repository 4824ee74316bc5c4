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
    TO_RETURN = "to_return", "待寄回"
    RETURNING = "returning", "寄回中"
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
        {
            RefundState.TO_RETURN,
            RefundState.APPROVED,
            RefundState.REJECTED,
            RefundState.WITHDRAWN,
        }
    ),
    RefundState.TO_RETURN: frozenset(
        {
            RefundState.RETURNING,
            RefundState.APPROVED,
            RefundState.REJECTED,
            RefundState.WITHDRAWN,
        }
    ),
    # Goods that are on their way can't be taken back by a word.
    RefundState.RETURNING: frozenset({RefundState.APPROVED, RefundState.REJECTED}),
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
# Asked for, and staff have yet to grant the money: one of an order at a time.
ASKED = (RefundState.REQUESTED, RefundState.TO_RETURN, RefundState.RETURNING)
# Staff have not granted it, or never will.
UNDECIDED = (*ASKED, *DROPPED)
# Somebody, we or WeChat, has still to do something.
UNFINISHED = (
    *ASKED,
    RefundState.APPROVED,
    RefundState.PROCESSING,
    RefundState.FAILED,
)
# Staff have to do something.
WAITING = (RefundState.REQUESTED, RefundState.RETURNING, RefundState.FAILED)

# Staff decide on these: what they grant is limited.
BY_STAFF = (RefundKind.AFTER_SALE, RefundKind.STAFF)


class RefundDeed(models.TextChoices):
    """What is done to a request that waits and goes on waiting."""

    AGREED = "agreed", "第一人同意"
    RETURNED = "returned", "退回重审"
    CORRECTED = "corrected", "更正退货运单"
