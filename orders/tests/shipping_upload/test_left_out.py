"""What needs no upload, and what cannot have one."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from orders.models import Order, Payment, Refund
from orders.services.accounts import account_delete
from orders.services.fulfilment import order_confirm
from orders.services.shipping_uploads import shipping_upload_send

from .uploading import OK, ship, told, upload, uploads


def refunded(order: Order, amount: Decimal, state: str = "succeeded") -> None:
    Refund.objects.create(
        refund_no="R1",
        out_refund_no="R1R01",
        order=order,
        payment=Payment.objects.get(order=order),
        kind="after_sale",
        state=state,
        amount=amount,
        accepted_at=timezone.now(),
    )


def test_refunded_order_is_not_uploaded(wechat: Any, paid: Order) -> None:
    ship(paid)
    refunded(paid, paid.total_amount)
    told(wechat)
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.error) == ("dropped", "订单已取消或已全额退款")
    assert uploads(wechat) == []


@pytest.mark.parametrize(
    ("share", "state"), [("0.01", "succeeded"), ("348.00", "requested")]
)
def test_order_that_keeps_its_money_is_uploaded(
    wechat: Any, paid: Order, share: str, state: str
) -> None:
    assert paid.total_amount == Decimal("348.00")
    ship(paid)
    refunded(paid, Decimal(share), state)
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    assert upload().state == "succeeded"


@pytest.mark.usefixtures("transactional_db")
def test_order_of_an_erased_shopper_is_for_staff(
    wechat: Any, paid: Order, shopper: User
) -> None:
    ship(paid)
    order_confirm(order_no=paid.order_no, user_id=shopper.pk)
    account_delete(user_id=shopper.pk)
    told(wechat)
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert row.state == "failed"
    assert row.error == "买家已注销,请在微信小程序后台录入发货信息"
    assert uploads(wechat) == []
