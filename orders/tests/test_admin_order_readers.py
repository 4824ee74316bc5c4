"""Who may see orders in the admin, and how much of whom they go to."""

from django.contrib.auth.models import Permission
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order, Payment
from orders.services.fulfilment import order_ship
from orders.tests.conftest import ORDERS, clerk, line, numbers, page, paid_order, placed


def test_staff_without_the_permission_see_no_orders(
    client: Client, one_of_each: dict[str, Order]
) -> None:
    client = clerk(client)
    assert client.get(ORDERS).status_code == 403
    assert client.get(f"{ORDERS}{one_of_each['paid'].pk}/change/").status_code == 403
    assert ORDERS not in client.get("/admin/").content.decode()


def test_payments_of_an_order_need_their_own_permission(
    client: Client, one_of_each: dict[str, Order]
) -> None:
    order = one_of_each["paid"]
    out_trade_no = Payment.objects.get(order=order).out_trade_no
    client = clerk(client, "view_order")
    text = page(client, f"{ORDERS}{order.pk}/change/")
    assert out_trade_no not in text
    assert "龙井茶" in text
    assert client.get("/admin/orders/payment/").status_code == 403


def test_own_permissions_have_chinese_names(db: None) -> None:
    named = Permission.objects.filter(
        codename__in=("ship_order", "cancel_order", "reprice_order", "refund_order")
    )
    assert sorted(named.values_list("name", flat=True)) == [
        "可以发货",
        "可以取消未付款订单",
        "可以改价",
        "可以退款",
    ]


def test_receivers_are_masked_without_the_permission(
    client: Client, shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea))
    order_ship(order_id=order.pk, carrier="SF", tracking_no="SF1", operator_id=None)
    other = paid_order(shopper_api, line(tea))
    reader = clerk(client, "view_order", "ship_order")
    pages = [
        page(reader, f"{ORDERS}{order.pk}/{path}/") for path in ("change", "correct")
    ]
    pages.append(page(reader, f"{ORDERS}{other.pk}/ship/"))
    for text in pages:
        for shown in ("张**", "138****8000", "广东省深圳市南山区***"):
            assert shown in text
    for text in (*pages, page(reader, ORDERS)):
        for hidden in ("张三", "13800138000", "科技园"):
            assert hidden not in text
    # Stars are no address to copy.
    assert "复制地址" not in pages[0]


def test_receivers_are_whole_with_the_permission(
    client: Client, shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea))
    clerk(client, "view_order", "ship_order", "reveal_shopper")
    for path in ("change", "ship"):
        text = page(client, f"{ORDERS}{order.pk}/{path}/")
        for shown in ("张三", "13800138000", "广东省深圳市南山区科技园1号"):
            assert shown in text
        assert ("复制地址" in text) == (path == "change")


def test_nothing_is_found_by_what_is_masked_of_receivers(
    client: Client, shopper_api: APIClient, tea: Product
) -> None:
    """Not by the whole of it either: the four hidden digits would be tried."""
    order_no = placed(shopper_api, line(tea))["orderNo"]
    Order.objects.update(name="龙井三")
    reader = clerk(client, "view_order")
    for word in (order_no, order_no[:20], "龙井"):
        assert numbers(reader, q=word) == [order_no], word
    for word in ("13800138000", "1380013800", "138", "龙井三", "龙井三丰"):
        assert numbers(reader, q=word) == [], word
