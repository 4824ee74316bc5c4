"""Tell the shopper through WeChat: each event once, if there is a consent."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from orders.models import (
    MessageKind,
    MessageState,
    Order,
    Refund,
    SubscribeMessage,
)
from shop.errors import ShopError
from shop.queue import job_enqueue
from shop.retention import oldest, rows_delete
from shop.wechat import messages as wechat
from shop.wechat.errors import WeChatDeclined

logger = logging.getLogger(__name__)

# Who has the parcel already is not helped by hearing of it.
LIFETIME = timedelta(days=1)
# A job that fails is tried again within an hour, and leaves its trace in the row.
LOST_AFTER = timedelta(hours=2)
_BATCH_SIZE = 1000
_STATUS = {
    MessageKind.PAID: "已付款",
    MessageKind.SHIPPED: "已发货",
    MessageKind.REFUNDED: "已退款",
    MessageKind.AGREED: "请寄回",
    MessageKind.REJECTED: "已拒绝",
}
_REFUSALS = {
    40003: "买家标识不正确",
    40037: "模板不存在",
    41030: "小程序页面不存在",
    47003: "模板字段不正确",
    wechat.USER_REFUSED: "买家没有订阅这条消息",
}


def message_enqueue(
    *, kind: MessageKind, order: Order, refund: Refund | None = None
) -> None:
    """Have the shopper told of an event, once.

    Does nothing without a template in the settings, or for a shopper without WeChat.

    Locks: the caller's transaction holds the order's lock.
    """
    if kind not in settings.WECHAT_TEMPLATES or not order.user.openid:
        return
    message, is_new = SubscribeMessage.objects.get_or_create(
        kind=kind, order=order, refund=refund
    )
    if is_new:
        job_enqueue("orders.jobs.message_send", message_id=message.pk)


def message_send(*, message_id: int) -> None:
    """Send a message; does nothing when its end is known.

    An answer that is lost leaves open whether it was sent. It is sent again: without a
    second consent WeChat refuses that.

    Raises: ShopError, when it must be tried again.
    """
    rows = SubscribeMessage.objects.select_related("order__user", "refund")
    message = rows.get(pk=message_id)
    if message.state != MessageState.PENDING:
        return
    if reason := _obstacle(message):
        _end(message, MessageState.FAILED, error=reason)
        return
    message.tries += 1
    try:
        wechat.message_send(
            openid=message.order.user.openid or "",
            template=settings.WECHAT_TEMPLATES[message.kind],
            facts=_facts(message),
            page=settings.WECHAT_MESSAGE_PAGE.replace(
                "{order_no}", message.order.order_no
            ),
        )
    except WeChatDeclined as error:
        _declined(message, error.errcode)
    except ShopError as error:
        _end(message, MessageState.PENDING, error=error.message)
        raise
    else:
        _end(message, MessageState.SENT, sent_at=timezone.now())


def _obstacle(message: SubscribeMessage) -> str:
    """Say why it is not sent at all; empty when nothing stands in its way."""
    if timezone.now() - message.created_at > LIFETIME:
        return "超过一天未能发送"
    if message.kind not in settings.WECHAT_TEMPLATES:
        return "模板已从设置中删除"
    return "" if message.order.user.openid else "买家已注销"


def _declined(message: SubscribeMessage, errcode: int) -> None:
    text = _REFUSALS.get(errcode, f"微信拒绝,错误码{errcode}")
    if errcode == wechat.USER_REFUSED:
        _end(message, MessageState.REFUSED, errcode=errcode, error=text)
        return
    logger.error("message %d was not sent: errcode %d", message.pk, errcode)
    _end(message, MessageState.FAILED, errcode=errcode, error=text)


def _end(message: SubscribeMessage, state: MessageState, **fields: Any) -> None:
    """Write what became of a try, unless a twin has written an end."""
    rows = SubscribeMessage.objects.filter(pk=message.pk, state=MessageState.PENDING)
    values = {"state": state, "errcode": None, "error": "", **fields}
    rows.update(tries=message.tries, updated_at=timezone.now(), **values)


def _facts(message: SubscribeMessage) -> Mapping[str, Any]:
    """Return all that a template of the event may ask for."""
    order, refund = message.order, message.refund
    facts: dict[str, Any] = {
        "order_no": order.order_no,
        "goods": "、".join(order.items.values_list("name", flat=True)),
        "amount": order.total_amount,
        "status": _STATUS[MessageKind(message.kind)],
        "time": order.paid_at,
    }
    if message.kind == MessageKind.SHIPPED:
        parcels = list(order.shipments.all())
        carrier = parcels[-1].carrier_name
        facts["carrier"] = (
            carrier if len(parcels) == 1 else f"{carrier}等{len(parcels)}个包裹"
        )
        facts["tracking_no"] = parcels[-1].tracking_no
        facts["time"] = order.shipped_at
    if refund:
        facts["refund_no"] = refund.refund_no
        facts["amount"] = refund.told_amount
        facts["time"] = refund.succeeded_at or message.created_at
    return facts


def messages_resume(*, now: datetime | None = None) -> int:
    """Queue again what has been pending without a try for long; return how many."""
    now = now or timezone.now()
    lost = SubscribeMessage.objects.filter(
        state=MessageState.PENDING, updated_at__lte=now - LOST_AFTER
    )
    ids = lost.order_by("updated_at").values_list("pk", flat=True)
    count = 0
    for message_id in ids[:_BATCH_SIZE]:
        with transaction.atomic(durable=True):
            # Another run may have been quicker.
            if lost.filter(pk=message_id).update(updated_at=now):
                job_enqueue("orders.jobs.message_send", message_id=message_id)
                count += 1
    return count


def messages_delete_old() -> int:
    """Delete what was told, or could not be, long ago; return how many messages."""
    until = timezone.now() - timedelta(days=settings.MESSAGE_KEEP_DAYS)
    ended = SubscribeMessage.objects.exclude(state=MessageState.PENDING)
    return rows_delete(oldest(ended, moment="updated_at", until=until))
