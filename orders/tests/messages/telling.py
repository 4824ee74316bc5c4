"""What the tests of messages share: the events, the jobs, what was sent."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from orders.models import Order, Payment, Refund, SubscribeMessage
from orders.services.fulfilment import order_ship

TASK = "orders.jobs.message_send"
TOKEN = b'{"access_token": "t1", "expires_in": 7200}'
OK = b'{"errcode": 0, "errmsg": "ok"}'


def ship(order: Order, number: str = "SF1", **fields: Any) -> Any:
    return order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no=number,
        operator_id=None,
        **fields,
    )


def refund(order: Order, number: str = "R1", state: str = "succeeded") -> Refund:
    return Refund.objects.create(
        refund_no=number,
        out_refund_no=f"{number}R01",
        order=order,
        payment=Payment.objects.get(order=order),
        kind="after_sale",
        state=state,
        amount=Decimal("25.50"),
        accepted_at=timezone.now(),
        succeeded_at=timezone.now(),
    )


def queued() -> list[Any]:
    jobs = ProcrastinateJob.objects.filter(task_name=TASK).order_by("id")
    return [job.args["message_id"] for job in jobs]


def kinds() -> list[tuple[str, str]]:
    rows = SubscribeMessage.objects.order_by("pk")
    return list(rows.values_list("kind", "state"))


def message(kind: str = "paid") -> SubscribeMessage:
    return SubscribeMessage.objects.get(kind=kind)
