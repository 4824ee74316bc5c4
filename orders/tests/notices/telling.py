"""Notifications as WeChat sends them, and what becomes of them."""

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.management import call_command

from catalog.models import Product
from orders.models import OrderEvent, Payment, PaymentNotice
from orders.services import notices
from orders.tests.conftest import payment_facts
from orders.tests.notifying import sealed, signed


def told(payment: Payment, id: str = "EV-1", **facts: Any) -> dict[str, Any]:
    """Return a verified notification of a payment."""
    return {
        "id": id,
        "event_type": "TRANSACTION.SUCCESS",
        "resource": {**payment_facts(payment), **facts},
    }


def stored(payment: Payment, id: str = "EV-1", **facts: Any) -> PaymentNotice:
    """Store a notification, as a process does that dies before it goes on."""
    notices._store(told(payment, id, **facts))
    return PaymentNotice.objects.get(notice_id=id)


def sent(facts: Any, **outer: Any) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a notification, sealed and signed by WeChat."""
    path = Path(os.environ["SHOP_TEST_SERVERS"]) / "wechat.json"
    world = json.loads(path.read_text())
    key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)
    body = sealed(facts, world["apiV3Key"], **outer)
    return body, signed(body, key, world["platformPublicKeyId"])


def state(notice: PaymentNotice) -> tuple[bool, str, bool]:
    """Return whether it is settled, why not, and whether it is tried again."""
    notice.refresh_from_db()
    return notice.settled_at is not None, notice.refusal, notice.due_at is not None


SETTLED = (True, "", False)
WAITING = (False, "", True)
REFUSED = (False, "payment_mismatch", False)
GIVEN_UP = (False, "", False)


def replay(*options: str) -> str:
    out = StringIO()
    call_command("payments_replay", *options, stdout=out)
    return out.getvalue()


def is_paid_once() -> bool:
    moves = OrderEvent.objects.values_list("to_status", flat=True)
    return list(moves) == ["pending", "paid"] and Product.objects.get().sales == 1
