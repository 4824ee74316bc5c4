"""What the tests of returns share: agreeing to one, and sending the goods."""

from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from orders.models import Refund
from orders.services.refunds import refund_agree_return

SHOP = "王五 13900139000 浙江省杭州市西湖区龙井路1号"
PARCEL = {"carrier": "ZTO", "trackingNo": " zt12345678 "}


def agree(refund: Refund, staff: User, answer: str = "") -> Refund:
    return refund_agree_return(
        refund_id=refund.pk, operator_id=staff.pk, address=SHOP, answer=answer
    )


def send(api: APIClient, refund: Refund, **parcel: str) -> Any:
    url = f"/api/refunds/{refund.refund_no}/return"
    return api.post(url, {**PARCEL, **parcel}, format="json")
