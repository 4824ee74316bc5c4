"""What a person should look at: odd money, and what the system did about it."""

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from orders.errors import AnomalyHandled
from orders.models import AnomalyKind, Order, Payment, PaymentAnomaly, Refund
from orders.services.facts import facts_unnamed
from shop.metrics import ANOMALIES

logger = logging.getLogger(__name__)

_TEXT_MAX = 200
# What is tried again by itself says the same each hour, until it passes.
REOPENED_AFTER = timedelta(days=1)


def anomaly_note(
    *,
    kind: AnomalyKind,
    key: str,
    happened: str,
    done: str,
    order: Order | None = None,
    payment: Payment | None = None,
    refund: Refund | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write down what happened, in the caller's transaction, and alarm.

    `key` says what it is about: the same again is counted on the first row, and opened
    again when it still comes a day after somebody has handled it.
    """
    now = timezone.now()
    row, is_new = PaymentAnomaly.objects.get_or_create(
        key=f"{kind}:{key}"[:_TEXT_MAX],
        defaults={
            "kind": kind,
            "happened": happened[:_TEXT_MAX],
            "done": done[:_TEXT_MAX],
            "order": order,
            "payment": payment,
            "refund": refund,
            "facts": _storable(facts),
        },
    )
    if not is_new:
        same = PaymentAnomaly.objects.filter(pk=row.pk)
        same.update(times=F("times") + 1, last_at=now, done=done[:_TEXT_MAX])
        same.filter(handled_at__lt=now - REOPENED_AFTER).update(handled_at=None)
    logger.error("anomaly %s: %s; %s", kind, happened, done)
    transaction.on_commit(ANOMALIES.labels(kind.value).inc)


def _storable(facts: Mapping[str, Any] | None) -> Any:
    """Return the facts without whose they are and what no JSON column takes."""
    if not facts:
        return None
    return json.loads(json.dumps(facts_unnamed(facts)).replace("\\u0000", ""))


@transaction.atomic
def anomaly_handle(*, anomaly_id: int, operator_id: int, note: str) -> None:
    """Say that somebody has looked at it, and what came of it.

    Raises: AnomalyHandled, when a twin was faster.
    """
    handled = (
        PaymentAnomaly.objects.open()
        .filter(pk=anomaly_id)
        .update(handled_at=timezone.now(), handled_by=operator_id, note=note)
    )
    if not handled:
        raise AnomalyHandled
