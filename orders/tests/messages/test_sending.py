"""What the shopper is told of each event."""

import json
from datetime import UTC, datetime
from typing import Any

from accounts.models import User
from orders.models import MessageKind, Order
from orders.services.messages import message_enqueue, message_send

from .telling import OK, TOKEN, message, refund, ship


def sent(wechat: Any) -> dict[str, Any]:
    """Return the body of the last message."""
    assert wechat.asked[-1] == "/cgi-bin/message/subscribe/send?access_token=t1"
    body: dict[str, Any] = json.loads(wechat.sent[-1])
    return body


def test_payment_is_told(wechat: Any, paid: Order, shopper: User) -> None:
    Order.objects.update(paid_at=datetime(2026, 1, 1, 19, 4, tzinfo=UTC))
    wechat.answers = [TOKEN, OK]
    message_send(message_id=message().pk)
    assert sent(wechat) == {
        "touser": shopper.openid,
        "template_id": "PAID",
        "page": f"pages/order?orderNo={paid.order_no}",
        "data": {
            "character_string1": {"value": paid.order_no},
            "amount2": {"value": "¥348.00"},
            "thing3": {"value": "龙井茶、茶杯"},
            "time4": {"value": "2026年1月2日 03:04"},
        },
    }
    row = message()
    assert (row.state, row.tries, row.error) == ("sent", 1, "")
    assert row.sent_at is not None


def test_shipping_is_told_with_its_parcels(wechat: Any, paid: Order) -> None:
    tea, _ = paid.items.values_list("pk", flat=True)
    ship(paid, "SF1", quantities={tea: 3})
    ship(paid, "SF2")
    wechat.answers = [TOKEN, OK]
    message_send(message_id=message("shipped").pk)
    data = sent(wechat)["data"]
    assert data["thing2"] == {"value": "顺丰速运等2个包裹"}
    assert data["character_string3"] == {"value": "SF2"}
    assert data["phrase4"] == {"value": "已发货"}


def test_refund_is_told_with_its_amount(
    wechat: Any, paid: Order, settings: Any
) -> None:
    settings.WECHAT_MESSAGE_PAGE = ""
    message_enqueue(kind=MessageKind.REFUNDED, order=paid, refund=refund(paid))
    wechat.answers = [TOKEN, OK]
    message_send(message_id=message("refunded").pk)
    body = sent(wechat)
    assert body["data"] == {
        "character_string1": {"value": "R1"},
        "amount2": {"value": "¥25.50"},
        "phrase3": {"value": "已退款"},
    }
    assert "page" not in body
