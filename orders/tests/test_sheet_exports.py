"""Orders and refunds as sheets."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from orders.models import Order, Refund
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_by_staff
from orders.services.refunds.asking import seen_now
from orders.tests.conftest import line, paid_order
from shop.models import SheetFormat
from shop.tests.sheets import csv_table, exported, table


@pytest.fixture
def order(shopper_api: APIClient, product_make: Any) -> Order:
    tea, cup = product_make("=龙井"), product_make("茶杯", price="20.50")
    return paid_order(shopper_api, line(tea, 2), line(cup, 1))


def test_an_order_has_a_row_for_each_line_and_its_amounts_once(
    order: Order, staff: User
) -> None:
    order_ship(order_id=order.pk, carrier="SF", tracking_no="SF1", operator_id=None)
    tea, cup = table(exported("orders", [order.pk], staff))
    assert tea["订单号"] == cup["订单号"] == order.order_no
    assert tea["状态"] == "已发货"
    assert (tea["收货人"], tea["手机号"]) == ("张三", "13800138000")
    assert tea["地址"] == "广东省深圳市南山区科技园1号"
    assert [tea[name] for name in ("商品金额", "运费", "优惠", "应付金额")] == [
        218.5,
        0,
        0,
        218.5,
    ]
    assert cup["应付金额"] is None
    assert [tea[name] for name in ("商品", "单价", "数量", "退款数量", "快递")] == [
        "'=龙井",
        99,
        2,
        0,
        "顺丰速运 SF1",
    ]
    assert (cup["商品"], cup["单价"]) == ("茶杯", 20.5)
    assert len(tea["下单时间"]) == len("2026-01-01 00:00:00")


def test_orders_stay_in_the_order_of_the_list(
    order: Order, shopper_api: APIClient, product_make: Any, staff: User
) -> None:
    other = paid_order(shopper_api, line(product_make("碗")))
    rows = csv_table(exported("orders", [other.pk, order.pk], staff, SheetFormat.CSV))
    assert [row["商品"] for row in rows] == ["碗", "'=龙井", "茶杯"]
    assert [row["应付金额"] for row in rows] == ["99.00", "218.50", ""]


def test_a_refund_has_a_row_for_each_line(order: Order, staff: User) -> None:
    items = {item.pk: item.quantity for item in order.items.all()}
    refund_by_staff(
        order_id=order.pk,
        quantities=items,
        reason="买错了",
        seen=seen_now(order),
        operator_id=staff.pk,
    )
    refund = Refund.objects.get()
    first, second = table(exported("refunds", [refund.pk], staff))
    assert (first["退款单号"], first["订单号"]) == (refund.refund_no, order.order_no)
    assert [first[n] for n in ("类型", "状态", "退款金额", "原因")] == [
        "商家退款",
        "待退款",
        float(Decimal("218.50")),
        "买错了",
    ]
    assert [first[n] for n in ("商品", "数量", "其中未发数量", "商品退款金额")] == [
        "'=龙井",
        2,
        2,
        198,
    ]
    assert (second["商品"], second["退款金额"]) == ("茶杯", None)


def test_a_refund_that_has_no_lines_has_a_row(order: Order, staff: User) -> None:
    refund = Refund.objects.create(
        refund_no="R1",
        out_refund_no="R1T01",
        order=order,
        payment=order.payments.get(),
        kind="automatic",
        state="approved",
        amount=Decimal("1.00"),
    )
    [row] = table(exported("refunds", [refund.pk], staff))
    assert (row["退款单号"], row["退款金额"], row["商品"]) == ("R1", 1, None)
