"""A payment that can't be closed and was not booked: no stock is freed for it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order, Payment, PaymentAnomaly
from orders.services.closing import Sweep, orders_expire
from orders.tests.conftest import line, placed, stock_of

pytestmark = pytest.mark.usefixtures("audited")


def said(state: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps({"trade_state": state}).encode()


PAID = (400, {}, b'{"code": "ORDERPAID", "message": "paid"}')
UNKNOWN = (404, {}, b'{"code": "ORDER_NOT_EXIST", "message": "unknown"}')


@pytest.mark.parametrize(
    ("last", "state"), [(said("REVOKED"), "REVOKED"), (UNKNOWN, "UNKNOWN")]
)
def test_order_stays_closing_and_staff_are_told(
    wechat_pay: Any,
    shopper_api: APIClient,
    tea: Product,
    last: Any,
    state: str,
) -> None:
    order = Order.objects.get(order_no=placed(shopper_api, line(tea))["orderNo"])
    number = f"{order.order_no}P001"
    Payment.objects.create(
        order=order,
        out_trade_no=number,
        amount=order.total_amount,
        expires_at=order.expires_at,
    )
    now = order.expires_at
    for times in (1, 2):
        # Not paid; paid when it is to be closed; and then no success all the same.
        wechat_pay.answers = [said("NOTPAY"), PAID, last]
        assert orders_expire(now=now) == Sweep(waiting=1)
        order.refresh_from_db()
        assert (order.status, order.is_closing) == ("pending", True)
        assert (stock_of(tea), Payment.objects.get().state) == (9, "open")
        anomaly = PaymentAnomaly.objects.get()
        assert (anomaly.kind, anomaly.times) == ("unclosable", times)
        now = order.due_at + timedelta(seconds=1)
    assert anomaly.happened == f"支付{number}未入账,也无法关闭,微信状态为{state}"
    assert anomaly.done == "订单保持关闭中,库存未释放,请到微信商户平台核对"

    wechat_pay.answers = [said("CLOSED")]
    assert orders_expire(now=now) == Sweep(cancelled=1)
    assert stock_of(tea) == 10
