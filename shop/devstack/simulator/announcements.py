"""Notifications written: encrypted facts in an envelope, ready to be delivered."""

from __future__ import annotations

import time
import uuid

from .clock import Clock, rfc3339
from .messages import json_bytes
from .records import Notification, Payment, Refund
from .signing import Platform
from .transactions import refund_news, transaction_facts
from .world import World

REFUND_TEXTS = {"SUCCESS": "退款成功", "CLOSED": "退款关闭", "ABNORMAL": "退款异常"}


class Announcer:
    """Writes as the payment platform; what it writes is due at once."""

    def __init__(self, world: World, clock: Clock, platform: Platform) -> None:
        self._world = world
        self._clock = clock
        self._platform = platform

    def payment(self, payment: Payment) -> Notification:
        """Return the notification of a successful payment."""
        facts = transaction_facts(self._world, payment)
        outer = self._outer("TRANSACTION.SUCCESS", "支付成功", "transaction", facts)
        return Notification(
            id=str(outer["id"]),
            out_trade_no=payment.out_trade_no,
            url=payment.notify_url,
            body=json_bytes(outer),
            due_at=time.time(),
        )

    def refund(self, refund: Refund) -> Notification:
        """Return the notification of a refund that has ended, well or not."""
        event, text = f"REFUND.{refund.status}", REFUND_TEXTS[refund.status]
        outer = self._outer(event, text, "refund", refund_news(self._world, refund))
        return Notification(
            id=str(outer["id"]),
            out_trade_no=refund.out_trade_no,
            url=refund.notify_url,
            body=json_bytes(outer),
            due_at=time.time(),
            out_refund_no=refund.out_refund_no,
        )

    def _outer(
        self, event: str, summary: str, original_type: str, facts: dict[str, object]
    ) -> dict[str, object]:
        return {
            "id": str(uuid.uuid4()),
            "create_time": rfc3339(self._clock.now()),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": summary,
            "resource": self._platform.resource(json_bytes(facts), original_type),
        }
