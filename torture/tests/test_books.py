"""The books of a fault run are what the tables and WeChat say."""

from collections.abc import Callable

from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from orders.models import Order
from orders.tests.conftest import line, paid_order, placed
from orders.tests.refunding import approved, asked, completed_order
from torture.faults.books import (
    ShopOrder,
    ShopPayment,
    ShopRefund,
    WeChatBooks,
    WeChatPayment,
    WeChatRefund,
    shop_books_read,
    wechat_books_read,
)


def test_the_shops_books_are_read_whole(
    shopper_api: APIClient, staff: User, product_make: Callable[..., Product]
) -> None:
    sku = Sku.objects.get(product=product_make(price="19.90", stock=10))
    tea = line(sku.product)
    sent = completed_order(shopper_api, tea)
    back = paid_order(shopper_api, tea)
    refund = approved(asked(shopper_api, back), staff.pk)
    open_ = Order.objects.get(order_no=placed(shopper_api, tea)["orderNo"])
    Order.objects.filter(pk=open_.pk).update(idempotency_key="k3")
    with connection.cursor() as cursor:
        books = shop_books_read(cursor)
    back.refresh_from_db()
    lines = [[sku.pk, 1]]
    assert books.orders == [
        ShopOrder(sent.order_no, None, 1990, "completed", True, ["SF0"], lines),
        ShopOrder(back.order_no, None, 1990, back.status, True, [], lines),
        ShopOrder(open_.order_no, "k3", 1990, "pending", False, [], lines),
    ]
    payments = [order.payments.get() for order in (sent, back)]
    assert books.payments == [
        ShopPayment(
            one.out_trade_no, one.order.order_no, one.transaction_id, 1990, "succeeded"
        )
        for one in payments
    ]
    numbers = (refund.refund_no, refund.out_refund_no, payments[1].out_trade_no)
    assert books.refunds == [ShopRefund(*numbers, 1990, "succeeded")]
    assert (books.stock, books.back) == ({sku.pk: 8}, {sku.pk: 1})


def test_wechats_books_hold_what_came_and_what_went_back() -> None:
    states = {"T1": "SUCCESS", "T2": "REFUND", "T3": "NOTPAY", "T4": "CLOSED"}
    books = wechat_books_read(
        {
            "payments": [
                {
                    "outTradeNo": f"P{transaction}",
                    "transactionId": transaction,
                    "total": 990,
                    "tradeState": state,
                }
                for transaction, state in states.items()
            ],
            "refunds": [
                {
                    "outRefundNo": "R1",
                    "outTradeNo": "PT2",
                    "refund": 990,
                    "status": "SUCCESS",
                }
            ],
        }
    )
    assert books == WeChatBooks(
        payments=[WeChatPayment("PT1", "T1", 990), WeChatPayment("PT2", "T2", 990)],
        refunds=[WeChatRefund("R1", "PT2", 990, "SUCCESS")],
    )
