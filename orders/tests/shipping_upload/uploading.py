"""What the tests of uploads share: a parcel, the jobs, what WeChat was sent."""

import json
from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob

from orders.models import Order, ShippingUpload
from orders.services.fulfilment import order_ship

TASK = "orders.jobs.shipping_upload_send"
TOKEN = b'{"access_token": "t1", "expires_in": 7200}'
OK = b'{"errcode": 0, "errmsg": "ok"}'
CODES = ("SF", "ZTO", "YTO", "STO", "YD", "JTSD", "EMS", "YZPY", "JD", "DBL")
CARRIERS = json.dumps(
    {"errcode": 0, "delivery_list": [{"delivery_id": code} for code in CODES]}
).encode()


def refusal(errcode: int) -> bytes:
    return json.dumps({"errcode": errcode, "errmsg": "no"}).encode()


def ship(
    order: Order,
    number: str = "SF1234567890",
    carrier: str = "SF",
    quantities: dict[int, int] | None = None,
) -> Any:
    return order_ship(
        order_id=order.pk,
        carrier=carrier,
        tracking_no=number,
        operator_id=None,
        quantities=quantities,
    )


def ids(order: Order) -> list[int]:
    return list(order.items.values_list("pk", flat=True))


def queued() -> list[Any]:
    jobs = ProcrastinateJob.objects.filter(task_name=TASK).order_by("id")
    return [(job.args, job.status) for job in jobs]


def told(wechat: Any, *answers: bytes) -> None:
    """Script the token, the list of carriers, then the answers to uploads."""
    wechat.answers = [TOKEN, CARRIERS, *answers]


def uploads(wechat: Any) -> list[Any]:
    """Return the bodies of the uploads that were sent."""
    return [
        json.loads(body)
        for path, body in zip(wechat.asked, wechat.sent, strict=True)
        if path.startswith("/wxa/sec/order/upload_shipping_info?")
    ]


def upload() -> ShippingUpload:
    return ShippingUpload.objects.get()
