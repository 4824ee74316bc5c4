"""Many orders shipped by a sheet of tracking numbers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.models import Order, Shipment, ShippingUpload
from orders.services.fulfilment import order_ship
from orders.services.placing import Destination
from orders.services.readdressing import (
    destination_of_order,
    destination_seal,
    order_address_change,
)
from orders.services.refunds import refund_request
from orders.tests.conftest import line, paid_order, placed
from shop.models import SheetTask
from shop.sheets.running import sheet_run
from shop.sheets.services import sheet_confirm
from shop.tests.clerks import clerk_of
from shop.tests.sheets import (
    confirmed,
    counts,
    exported,
    problems,
    rewritten,
    table,
    uploaded,
    workbook,
)

HEADER = ["订单号", "快递公司", "快递单号"]
MOVED = "导出之后改过收货地址,请重新导出并更换面单"


@pytest.fixture
def tea(product_make: Any) -> Product:
    return product_make(stock=100)


@pytest.fixture
def orders(shopper_api: APIClient, tea: Product) -> list[Order]:
    return [paid_order(shopper_api, line(tea, n)) for n in (1, 2, 3)]


def test_what_waits_is_exported_filled_in_and_shipped(
    orders: list[Order], staff: User
) -> None:
    rows = table(exported("parcels", [order.pk for order in orders], staff))
    assert rows[1] == {
        "订单号": orders[1].order_no,
        "快递公司": None,
        "快递单号": None,
        "收货人": "张三",
        "手机号": "13800138000",
        "地址": "广东省深圳市南山区科技园1号",
        "商品": "龙井茶×2",
        "买家留言": None,
        "地址校验": destination_seal(orders[1])[:12],
    }
    for row, carrier, number in zip(
        rows, ("顺丰速运", "zto", "JD"), ("sf1001", 20021002, "JD-3"), strict=True
    ):
        row |= {"快递公司": carrier, "快递单号": number}
    task = uploaded("parcels", rewritten(rows), staff)
    assert (task.state, counts(task)) == ("checked", (0, 3, 0, 0))
    assert task.preview[0] == {
        "row": 2,
        "name": orders[0].order_no,
        "changes": [{"column": "包裹", "old": "", "new": "顺丰速运 SF1001"}],
    }
    assert not Shipment.objects.exists()
    task = confirmed(task)
    assert (task.state, counts(task)) == ("done", (0, 3, 0, 0))
    assert [
        (parcel.order_id, parcel.carrier, parcel.tracking_no, parcel.operator)
        for parcel in Shipment.objects.all()
    ] == [
        (orders[0].pk, "SF", "SF1001", staff),
        (orders[1].pk, "ZTO", "20021002", staff),
        (orders[2].pk, "JD", "JD-3", staff),
    ]
    assert {order.status for order in Order.objects.all()} == {"shipped"}
    assert ShippingUpload.objects.count() == 3


def test_the_rest_of_a_parted_order_leaves(orders: list[Order], staff: User) -> None:
    order = orders[2]
    order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no="SF1",
        operator_id=staff.pk,
        quantities={order.items.get().pk: 1},
    )
    [row] = table(exported("parcels", [order.pk], staff))
    assert row["商品"] == "龙井茶×2"
    content = workbook(HEADER, [order.order_no, "SF", "SF2222"])
    confirmed(uploaded("parcels", content, staff))
    order.refresh_from_db()
    assert order.status == "shipped"
    assert [p.items.get().quantity for p in order.shipments.all()] == [1, 2]


def test_each_bad_cell_is_named_and_nothing_leaves(
    orders: list[Order], shopper_api: APIClient, tea: Product, staff: User
) -> None:
    one, two, three = orders
    pending = Order.objects.get(order_no=placed(shopper_api, line(tea))["orderNo"])
    order_ship(
        order_id=three.pk, carrier="SF", tracking_no="SF3333", operator_id=staff.pk
    )
    content = workbook(
        HEADER,
        [one.order_no, "飞毛腿", "SF1 1"],
        [one.order_no.lower(), "SF", "SF9999"],
        [two.order_no, "SF", "sf9999"],
        ["261126NOSUCHORDER", None, "SF4444"],
        [pending.order_no, "SF", "SF5555"],
        [three.order_no, "SF", "SF3333"],
    )
    task = uploaded("parcels", content, staff)
    carriers = (
        "快递公司只能是顺丰速运、中通快递、圆通速递、申通快递、韵达速递、极兔速递、EMS、"
        "邮政快递包裹、京东快递、德邦快递、其他"
    )
    assert task.state == "refused"
    assert problems(task) == [
        (2, "快递公司", carriers),
        (2, "快递单号", "快递单号只能是4到64位字母、数字和横线"),
        (3, "订单号", "和第2行重复"),
        (4, "快递单号", "和第3行重复"),
        (5, "快递公司", "不能为空"),
        (5, "订单号", "订单不存在"),
        (6, "订单号", "订单待付款,不能发货"),
        (7, "订单号", "订单已发货,不能发货"),
        (7, "快递单号", f"已登记在订单{three.order_no}"),
    ]
    assert Shipment.objects.count() == 1


def test_of_a_list_what_waits_is_exported(
    orders: list[Order], client: Client, staff: User
) -> None:
    left, *waiting = orders
    order_ship(order_id=left.pk, carrier="SF", tracking_no="SF1", operator_id=staff.pk)
    client.force_login(staff)
    url = "/admin/orders/order/export/"
    client.post(url, {"kind": "parcels", "format": "csv"})
    ids = SheetTask.objects.get().parameters["ids"]
    assert sorted(ids) == [order.pk for order in waiting]


def test_what_is_asked_back_does_not_leave(orders: list[Order], staff: User) -> None:
    asked = orders[0]
    refund_request(order_no=asked.order_no, user_id=asked.user_id, reason="不要了")
    content = workbook(HEADER, [asked.order_no, "SF", "SF0001"])
    task = uploaded("parcels", content, staff)
    told = "商品都在退款中,没有可以发货的"
    assert (task.state, problems(task)) == ("refused", [(2, "订单号", told)])


def test_an_order_that_left_meanwhile_is_named_and_the_others_leave(
    orders: list[Order], staff: User
) -> None:
    content = workbook(
        HEADER, *([order.order_no, "SF", f"SF{order.pk:05d}"] for order in orders)
    )
    task = uploaded("parcels", content, staff)
    order_ship(
        order_id=orders[1].pk, carrier="JD", tracking_no="JD1", operator_id=staff.pk
    )
    task = confirmed(task)
    assert (task.state, counts(task)) == ("done", (0, 2, 0, 1))
    assert problems(task) == [(3, "订单号", "订单已发货,不能发货")]
    assert Shipment.objects.count() == 3


def test_names_and_phones_are_masked_without_the_permission(
    orders: list[Order],
) -> None:
    clerk = clerk_of("clerk", "orders.ship_order", "orders.export_order")
    parcels = table(exported("parcels", [orders[0].pk], clerk))
    lines = table(exported("orders", [orders[0].pk], clerk))
    for row in (*parcels, *lines):
        assert (row["收货人"], row["手机号"], row["地址"]) == (
            "张**",
            "138****8000",
            "广东省深圳市南山区***",
        )


@pytest.mark.usefixtures("queue", "patient_database")
def test_an_address_that_is_being_changed_is_waited_for(
    orders: list[Order], staff: User
) -> None:
    [row] = table(exported("parcels", [orders[0].pk], staff))
    content = rewritten([row | {"快递公司": "SF", "快递单号": "SF1000"}])
    task = uploaded("parcels", content, staff)
    sheet_confirm(task_id=task.pk, confirmed_by_id=staff.pk)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Order.objects.filter(pk=orders[0].pk).update(detail="科技园2号")
            working = pool.submit(alone(sheet_run), task_id=task.pk)
            wait_until(lambda: lock_waiters() == 1)
        assert not working.result()
    task.refresh_from_db()
    assert (task.state, problems(task)) == ("done", [(2, "地址校验", MOVED)])
    assert not Shipment.objects.exists()


def test_an_order_whose_address_changed_since_the_export_is_not_shipped(
    orders: list[Order], staff: User
) -> None:
    rows = table(exported("parcels", [order.pk for order in orders[:2]], staff))
    for number, row in enumerate(rows):
        row |= {"快递公司": "SF", "快递单号": f"SF100{number}"}
    task = uploaded("parcels", rewritten(rows), staff)
    assert task.state == "checked"
    old = destination_of_order(orders[0])
    order_address_change(
        order_id=orders[0].pk,
        seen=destination_seal(orders[0]),
        new=Destination(**{**asdict(old), "detail": "科技园2号"}),
        operator_id=staff.pk,
        reason="买家要求",
    )
    told = (2, "地址校验", MOVED)
    # Both what was checked before and what comes after.
    task = confirmed(task)
    assert (counts(task), problems(task)) == ((0, 1, 0, 1), [told])
    late = uploaded("parcels", rewritten(rows[:1]), staff)
    assert (late.state, problems(late)) == ("refused", [told])
    assert Shipment.objects.get().order == orders[1]
    # A sheet made by hand carries no seal.
    del rows[0]["地址校验"]
    assert confirmed(uploaded("parcels", rewritten(rows[:1]), staff)).state == "done"
