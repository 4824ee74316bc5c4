"""What is printed for the packers."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from orders.admin.slips import ORDERS_MAX
from orders.models import Order
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_by_staff, refund_request
from orders.tests.conftest import ORDERS, clerk, line, page, paid_order


def slips(client: Client, name: str, *orders: Order) -> Any:
    ids = ",".join(str(order.pk) for order in orders)
    response = client.get(f"{ORDERS}{name}/", {"ids": ids})
    assert response.status_code == 200
    return response.context


def test_picking_list_adds_up_what_can_leave(
    desk: Client, staff: User, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    Sku.objects.filter(product=tea).update(code="TEA-1")
    whole = paid_order(shopper_api, line(tea, 3), line(cup))
    partly = paid_order(shopper_api, line(tea, 3), line(cup, 2))
    of_tea, of_cup = partly.items.order_by("pk")
    order_ship(
        order_id=partly.pk,
        carrier="SF",
        tracking_no="SF1",
        operator_id=None,
        quantities={of_tea.pk: 1},
    )
    refund_by_staff(
        order_id=partly.pk,
        operator_id=staff.pk,
        reason="缺货",
        quantities={of_cup.pk: 2},
    )
    shown = slips(desk, "picking", whole, partly)
    rows = [(row["code"], row["name"], row["pieces"]) for row in shown["rows"]]
    assert rows == [("", "茶杯", 1), ("TEA-1", "龙井茶", 5)]
    assert shown["pieces"] == 6


def test_packing_slip_is_one_per_order_and_can_be_printed_again(
    desk: Client, one_of_each: dict[str, Order]
) -> None:
    shown = slips(desk, "packing", *one_of_each.values())
    # What is not paid, closing, given back or cancelled is not packed.
    found = [(slip["order_no"], slip["pieces"]) for slip in shown["slips"]]
    assert found == [
        (one_of_each["shipped"].order_no, 2),
        (one_of_each["completed"].order_no, 2),
        (one_of_each["partly"].order_no, 1),
        (one_of_each["paid"].order_no, 2),
    ]
    assert shown["left_out"] == 4
    assert "另有 4 个所选订单" in page(
        desk,
        f"{ORDERS}packing/?ids={','.join(str(o.pk) for o in one_of_each.values())}",
    )
    picking = slips(desk, "picking", *one_of_each.values())
    assert [order.pk for order in picking["orders"]] == [
        one_of_each["partly"].pk,
        one_of_each["paid"].pk,
    ]


def test_page_of_an_order_leads_to_the_slip_it_has(
    desk: Client, one_of_each: dict[str, Order]
) -> None:
    offered = {
        name
        for name, order in one_of_each.items()
        if f"packing/?ids={order.pk}" in page(desk, f"{ORDERS}{order.pk}/change/")
    }
    assert offered == {"paid", "partly", "shipped", "completed"}


def test_slip_shows_number_code_receiver_and_lines(
    desk: Client, client: Client, shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea, 2))
    Order.objects.filter(pk=order.pk).update(remark="<b>请快</b>")
    url = f"{ORDERS}packing/?ids={order.pk}"
    text = page(desk, url)
    for fact in (
        *(order.order_no, "<svg", "张三 13800138000", "广东省深圳市南山区科技园1号"),
        *("龙井茶", "共 2 件", "&lt;b&gt;请快", "slips-a4.css"),
    ):
        assert fact in text
    assert "slips-76mm.css" in page(desk, f"{url}&paper=76mm")
    assert "slips-a4.css" in page(desk, f"{url}&paper=../x")
    text = page(clerk(client, "view_order"), url)
    assert "张** 138****8000" in text
    for hidden in ("张三", "13800138000", "科技园"):
        assert hidden not in text


def test_order_held_by_a_refund_is_not_packed(
    desk: Client, shopper: User, shopper_api: APIClient, tea: Product
) -> None:
    whole, held = (paid_order(shopper_api, line(tea, 2)) for _ in range(2))
    refund_request(order_no=held.order_no, user_id=shopper.pk, reason="拍错了")
    packing = slips(desk, "packing", whole, held)
    assert [slip["order_no"] for slip in packing["slips"]] == [whole.order_no]
    assert packing["left_out"] == 1
    picking = slips(desk, "picking", whole, held)
    assert ([*picking["orders"]], picking["pieces"]) == ([whole], 2)
    response = desk.get(f"{ORDERS}packing/?ids={held.pk}")
    (told,) = get_messages(response.wsgi_request)
    assert "商品都在退款中" in str(told)


@pytest.mark.parametrize("name", ["picking", "packing"])
@pytest.mark.parametrize("ids", ["", "x", "1,", "999999", "1" * 30])
def test_slips_of_nothing_lead_back(desk: Client, name: str, ids: str) -> None:
    response = desk.get(f"{ORDERS}{name}/", {"ids": ids})
    assert response.status_code == 302
    assert response.headers["Location"] == ORDERS
    (told,) = get_messages(response.wsgi_request)
    assert "没有可打印的" in str(told)


@pytest.mark.parametrize("name", ["picking", "packing"])
def test_slips_need_the_permission(
    client: Client, one_of_each: dict[str, Order], name: str
) -> None:
    url = f"{ORDERS}{name}/?ids={one_of_each['paid'].pk}"
    assert clerk(client, "ship_order").get(url).status_code == 403


def test_chosen_orders_are_printed_up_to_a_limit(
    desk: Client, one_of_each: dict[str, Order]
) -> None:
    paid, partly = one_of_each["paid"], one_of_each["partly"]
    chosen = {"action": "pick", "_selected_action": [paid.pk, partly.pk]}
    response = desk.post(ORDERS, chosen)
    assert response.headers["Location"] == (
        f"{ORDERS}picking/?ids={partly.pk},{paid.pk}"
    )
    Order.objects.bulk_create(
        Order(
            **{
                field.attname: getattr(paid, field.attname)
                for field in Order._meta.concrete_fields
                if field.name not in ("id", "order_no", "idempotency_key")
            },
            order_no=f"X{number}",
        )
        for number in range(ORDERS_MAX)
    )
    everything = {"action": "pack", "select_across": "1", "_selected_action": [paid.pk]}
    response = desk.post(ORDERS, everything)
    (told,) = get_messages(response.wsgi_request)
    assert str(told) == "一次最多打印100个订单,请减少选择"


def test_statements_do_not_grow_with_the_orders(
    desk: Client, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    def statements(name: str, *orders: Order) -> int:
        with CaptureQueriesContext(connection) as queries:
            slips(desk, name, *orders)
        return len(queries)

    one = paid_order(shopper_api, line(tea))
    others = [paid_order(shopper_api, line(tea), line(cup)) for _ in range(3)]
    for name in ("picking", "packing"):
        few = statements(name, one)
        assert statements(name, *others) == few <= 15
