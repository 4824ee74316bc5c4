"""Orders in the admin: found, read, and never edited by hand."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from os.path import commonprefix

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.admin.order_search import having_word
from orders.admin.stages import STAGES
from orders.models import Order, Payment
from orders.services.fulfilment import order_ship
from orders.services.repricing import Price, order_reprice
from orders.tests.conftest import ORDERS, line, numbers, page, paid_order, placed
from shop.back_office.figures import moment, short_moment


def test_list_shows_each_stage_newest_first(
    desk: Client, one_of_each: dict[str, Order]
) -> None:
    shown = desk.get(ORDERS)
    assert numbers(desk) == [
        order.order_no for order in sorted(one_of_each.values(), key=lambda o: -o.pk)
    ]
    text = shown.content.decode()
    for stage in STAGES.values():
        assert stage.word in text
    for word in ("订单号", "收货人", "商品", "应付金额", "下单时间", "付款时间"):
        assert word in text
    rows = {order.order_no: order for order in shown.context["cl"].result_list}
    partly = rows[one_of_each["partly"].order_no]
    model_admin = shown.context["cl"].model_admin
    assert model_admin.stage(partly) == "部分发货"
    assert ">龙井茶 等2种,共2件<" in model_admin.goods(partly)
    assert model_admin.total(partly) == "¥124.50"
    assert model_admin.stage(rows[one_of_each["closing"].order_no]) == "关闭中"
    assert model_admin.stage(rows[one_of_each["refunding"].order_no]) == "退款中"


@pytest.mark.parametrize("name", list(STAGES))
def test_filter_by_stage(
    desk: Client, one_of_each: dict[str, Order], name: str
) -> None:
    names = ["paid", "partly"] if name == "to_ship" else [name]
    assert numbers(desk, stage=name) == [one_of_each[one].order_no for one in names]


def test_filter_by_date(desk: Client, one_of_each: dict[str, Order]) -> None:
    """Days of the shop's own time, the first and the last included."""
    for name, written in (
        ("shipped", "2020-03-01 23:59:59.999999"),
        ("completed", "2020-03-02 00:00:00"),
        ("partly", "2020-03-03 23:59:59.999999"),
        ("paid", "2020-03-04 00:00:00"),
    ):
        created_at = timezone.make_aware(datetime.fromisoformat(written))
        Order.objects.filter(pk=one_of_each[name].pk).update(created_at=created_at)
    # As the browser's calendar writes a day, and as people do.
    days = {"created_at_from": "2020/03/02", "created_at_to": "2020-03-03"}
    assert numbers(desk, **days) == [
        one_of_each["partly"].order_no,
        one_of_each["completed"].order_no,
    ]
    assert len(numbers(desk, created_at_from="2020-03-02")) == 7
    assert len(numbers(desk, created_at_from="neverday")) == 8


def test_search(
    desk: Client, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    of_tea = placed(shopper_api, line(tea))["orderNo"]
    of_cup = placed(shopper_api, line(cup))["orderNo"]
    Order.objects.filter(order_no=of_cup).update(name="李四", phone="13912345678")
    assert numbers(desk, q=of_tea) == [of_tea]
    assert numbers(desk, q="茶杯") == [of_cup]
    assert numbers(desk, q=of_tea[:20].lower()) == [of_tea]
    assert numbers(desk, q=commonprefix([of_tea, of_cup])) == [of_cup, of_tea]
    assert numbers(desk, q="龙井") == [of_tea]
    assert numbers(desk, q=of_tea[4:]) == []
    assert numbers(desk, q="13912345678") == numbers(desk, q="1391") == [of_cup]
    assert numbers(desk, q="12345678") == []
    assert numbers(desk, q=" 李四 ") == numbers(desk, q="李") == [of_cup]
    assert numbers(desk, q="四") == []
    assert numbers(desk, q="100%") == []
    assert numbers(desk, q="\x00") == [of_cup, of_tea]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = having_word(Order.objects.all(), of_tea, sees_people=True).explain()
    assert re.search("Index.* (using|on) .*order_no", plan), plan


def test_statements_do_not_grow_with_the_rows(
    desk: Client, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    def statements(url: str) -> int:
        page(desk, url)  # Once, to fill Django's cache of content types.
        with CaptureQueriesContext(connection) as queries:
            page(desk, url)
        assert len(queries) <= 15
        return len(queries)

    first = paid_order(shopper_api, line(tea))
    order_ship(order_id=first.pk, carrier="SF", tracking_no="SF1", operator_id=None)
    few = statements(ORDERS)
    few_found = statements(f"{ORDERS}?q=茶&stage=shipped")
    few_of_one = statements(f"{ORDERS}{first.pk}/change/")

    for _ in range(3):
        order = paid_order(shopper_api, line(tea), line(cup))
        for item in order.items.all():
            order_ship(
                order_id=order.pk,
                carrier="SF",
                tracking_no=f"SF{item.pk}",
                operator_id=None,
                quantities={item.pk: 1},
            )
    assert statements(ORDERS) == few
    assert statements(f"{ORDERS}?q=茶&stage=shipped") == few_found
    assert statements(f"{ORDERS}{order.pk}/change/") == few_of_one


def test_page_tells_everything(
    desk: Client, staff: User, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    data = placed(shopper_api, line(tea, 3), line(cup), remark="请快一点")
    order = Order.objects.get(order_no=data["orderNo"])
    order_reprice(
        order_id=order.pk,
        seen=Price(Decimal("0.00"), Decimal("0.00")),
        new=Price(Decimal("8.00"), Decimal("20.50")),
        operator_id=staff.pk,
        reason="老顾客",
    )
    url = f"{ORDERS}{order.pk}/change/"
    text = page(desk, url)
    for fact in (
        *("待付款", "龙井茶", "茶杯", "¥297.00", ">¥322.50<", ">¥8.00<", ">-¥20.50<"),
        *("张三", "13800138000", "广东省深圳市南山区科技园1号", "请快一点"),
        *("买家下单", "改价", "应付金额¥322.50 → ¥310.00", "原因:老顾客", "boss"),
    ):
        assert fact in text, fact
    # The order's own field and its row of the timeline, in one form.
    assert text.count(moment(order.created_at)) >= 2
    assert moment(order.expires_at) in text
    assert short_moment(order.created_at) in page(desk, ORDERS)


def test_page_tells_of_payment_parcels_and_every_step(
    desk: Client, staff: User, one_of_each: dict[str, Order]
) -> None:
    order = one_of_each["partly"]
    payment = Payment.objects.get(order=order)
    text = page(desk, f"{ORDERS}{order.pk}/change/")
    for fact in (
        *("部分发货", payment.out_trade_no, "已支付", payment.transaction_id),
        *("顺丰速运", "SF-partly", "龙井茶 × 1"),
        *("发出包裹", f"微信支付 {payment.transaction_id}"),
    ):
        assert fact in text, fact
    assert f"/admin/orders/payment/{payment.pk}/change/" in text

    text = page(desk, f"{ORDERS}{one_of_each['closing'].pk}/change/")
    # As the order's stage, and as a step of the timeline.
    assert text.count("关闭中") == 2
    assert "不想要了" in text

    text = page(desk, f"{ORDERS}{one_of_each['refunding'].pk}/change/")
    # As the order's stage, and as a step of the timeline.
    assert text.count("退款中") == 2


def test_nothing_is_edited_added_or_deleted_by_hand(
    desk: Client, one_of_each: dict[str, Order]
) -> None:
    order = one_of_each["pending"]
    url = f"{ORDERS}{order.pk}/change/"
    text = page(desk, url)
    assert 'name="status"' not in text
    assert 'name="total_amount"' not in text
    changed = {"status": "paid", "total_amount": "1.00", "remark": "x"}
    assert desk.post(url, changed).status_code == 403
    assert desk.get(f"{ORDERS}add/").status_code == 403
    assert desk.post(f"{ORDERS}{order.pk}/delete/", {"post": "yes"}).status_code == 403
    delete = {"action": "delete_selected", "_selected_action": [order.pk]}
    desk.post(ORDERS, {**delete, "post": "yes"})
    order.refresh_from_db()
    assert (order.status, order.total_amount, order.remark) == (
        "pending",
        Decimal("99.00"),
        "",
    )


def test_what_shoppers_wrote_is_text(
    desk: Client, shopper_api: APIClient, product_make: Callable[..., Product]
) -> None:
    order = paid_order(shopper_api, line(product_make("<b>茶</b>")))
    Order.objects.filter(pk=order.pk).update(remark="<script>alert(1)</script>")
    order.events.update(reason="<img src=x>")
    text = page(desk, f"{ORDERS}{order.pk}/change/")
    for bad in ("<b>茶", "<script>alert(1)", "<img src=x>"):
        assert bad not in text
    assert "&lt;b&gt;茶" in text


def badge(desk: Client) -> str:
    """Return what the sidebar says from the orders' link to the next one."""
    link = page(desk, ORDERS).partition('href="/admin/orders/order/"')[2]
    return link.partition("</a>")[0]


def test_badge_counts_what_waits_to_be_shipped(
    desk: Client, one_of_each: dict[str, Order]
) -> None:
    assert '-red-400">2</span>' in badge(desk)
    Order.objects.to_ship().update(status="completed")
    assert "-red-400" not in badge(desk)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "order_to_ship" in Order.objects.to_ship().explain()
