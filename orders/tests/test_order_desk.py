"""How staff find orders, and what the page of one costs."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.admin.order_filters import NEEDS
from orders.admin.order_search import having_word
from orders.models import (
    AnomalyKind,
    Order,
    PaymentAnomaly,
    ShippingUpload,
    UploadState,
)
from orders.services.anomalies import anomaly_note
from orders.services.fulfilment import order_ship
from orders.services.notes import order_note_add
from orders.services.placing import Destination
from orders.services.readdressing import destination_seal, order_address_change
from orders.services.refunds import refund_by_staff, refund_request
from orders.tests.conftest import (
    ADDRESS,
    ORDERS,
    clerk,
    line,
    numbers,
    page,
    paid_order,
    placed,
)
from shop.back_office.paginator import CappedPaginator


def test_filters_by_amount_product_shopper_and_phone(
    desk: Client, shopper: User, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    of_tea = placed(shopper_api, line(tea))["orderNo"]
    of_cup = placed(shopper_api, line(cup))["orderNo"]
    Order.objects.filter(order_no=of_cup).update(phone="13912345678")
    assert numbers(desk, total_amount_from="99") == [of_tea]
    assert numbers(desk, total_amount_to="98.99") == [of_cup]
    assert numbers(desk, total_amount_from="25.50", total_amount_to="25.50") == [of_cup]
    assert numbers(desk, total_amount_from="x") == [of_cup, of_tea]
    assert numbers(desk, product=str(cup.pk)) == [of_cup]
    assert numbers(desk, product="龙井") == [of_tea]
    assert numbers(desk, product="没有") == []
    assert numbers(desk, product="9" * 30) == []
    assert numbers(desk, receiver_phone="1391") == [of_cup]
    assert numbers(desk, receiver_phone="13800138000") == [of_tea]
    assert numbers(desk, shopper=str(shopper.pk)) == [of_cup, of_tea]
    assert numbers(desk, shopper=f"用户{shopper.pk}") == [of_cup, of_tea]
    assert numbers(desk, shopper="0") == numbers(desk, shopper="x") == []


def test_there_is_no_phone_filter_for_who_sees_them_masked(
    desk: Client, client: Client, shopper_api: APIClient, tea: Product
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    assert 'name="receiver_phone"' in page(desk, ORDERS)
    reader = clerk(client, "view_order")
    assert 'name="receiver_phone"' not in page(reader, ORDERS)
    for phone in ("13800138000", "13800138001"):
        assert numbers(reader, receiver_phone=phone) == [order_no]


def test_product_and_name_are_searched_together(
    desk: Client, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    """A word may be a part of a product and how a receiver's name begins."""
    of_tea = placed(shopper_api, line(tea))["orderNo"]
    of_cup = placed(shopper_api, line(cup))["orderNo"]
    Order.objects.filter(order_no=of_tea).update(name="茶杯子")
    assert numbers(desk, q="茶杯") == [of_cup, of_tea]


@pytest.fixture
def needing(
    one_of_each: dict[str, Order], shopper: User, staff: User
) -> dict[str, Order]:
    """An order for each need, and others that need nobody."""
    now = timezone.now()
    late = Order.objects.filter(pk=one_of_each["paid"].pk)
    late.update(paid_at=now - timedelta(hours=25))
    stuck = Order.objects.filter(pk=one_of_each["closing"].pk)
    stuck.update(closing_at=now - timedelta(minutes=61))
    refund_request(
        order_no=one_of_each["shipped"].order_no, user_id=shopper.pk, reason="破损"
    )
    anomaly_note(
        kind=AnomalyKind.LATE,
        key="late",
        order=one_of_each["cancelled"],
        happened="迟到",
        done="已退",
    )
    upload = ShippingUpload.objects.get(order=one_of_each["completed"])
    upload.state = UploadState.FAILED
    upload.save()
    return {
        "ship": one_of_each["paid"],
        "closing": one_of_each["closing"],
        "refund": one_of_each["shipped"],
        "anomaly": one_of_each["cancelled"],
        "upload": one_of_each["completed"],
    }


def test_orders_that_need_a_hand(desk: Client, needing: dict[str, Order]) -> None:
    for name, order in needing.items():
        assert numbers(desk, needs=name) == [order.order_no], name
    together = [o.order_no for o in sorted(needing.values(), key=lambda o: -o.pk)]
    assert numbers(desk, needs="any") == together
    assert len(numbers(desk, needs="nonsense")) == 8
    PaymentAnomaly.objects.update(handled_at=timezone.now())
    assert needing["anomaly"].order_no not in numbers(desk, needs="any")


def test_page_offers_what_comes_first(
    desk: Client, client: Client, needing: dict[str, Order]
) -> None:
    def main(client: Client, name: str) -> str | None:
        url = f"{ORDERS}{needing[name].pk}/change/"
        action = client.get(url).context["main_action"]
        return action["title"] if action else None

    titles = {name: main(desk, name) for name in needing}
    assert titles == {
        "ship": "发货",
        "closing": None,
        "refund": "处理退款",
        "anomaly": None,
        "upload": "处理发货上报",
    }
    reader = clerk(client, "view_order")
    assert {main(reader, name) for name in needing} == {None}


@pytest.mark.parametrize("name", list(NEEDS))
def test_each_need_is_known_by_indexes(db: None, name: str) -> None:
    """Without one, the whole table would be read."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = NEEDS[name][1]().explain()
    assert "Index" in plan
    assert "Seq Scan" not in plan


def test_searches_and_ranges_have_their_indexes(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    orders = Order.objects.all()
    assert "order_phone" in having_word(orders, "138", sees_people=True).explain()
    assert "order_name" in having_word(orders, "张", sees_people=True).explain()
    assert "order_created" in orders.filter(created_at__gte=timezone.now()).explain()


class ShortPaginator(CappedPaginator):
    count_max = 2


def test_count_goes_no_further_than_people_read(
    shopper_api: APIClient, tea: Product
) -> None:
    orders = Order.objects.order_by("-pk")
    for count, told in ((1, "1"), (2, "2"), (2, "2+")):
        placed(shopper_api, line(tea))
        pages = ShortPaginator(orders, 1)
        assert (pages.count, str(pages.count), pages.num_pages) == (count, told, count)


def test_next_to_ship_is_the_next_older_first_then_the_oldest(
    desk: Client, one_of_each: dict[str, Order]
) -> None:
    def after(name: str) -> str:
        response = desk.get(f"{ORDERS}{one_of_each[name].pk}/next/")
        assert response.status_code == 302
        return response.headers["Location"]

    def target(name: str) -> str:
        return f"{ORDERS}{one_of_each[name].pk}/change/"

    assert after("shipped") == target("partly")
    assert after("partly") == target("paid")
    assert after("paid") == target("partly")
    assert "下一单待发货" in page(desk, target("shipped"))
    # Of which a refund holds all, nothing can be shipped.
    partly = one_of_each["partly"]
    refund_request(order_no=partly.order_no, user_id=partly.user_id, reason="破损")
    assert after("shipped") == target("paid")
    assert "下一单待发货" in page(desk, target("partly"))
    Order.objects.to_ship().update(status="completed")
    assert after("shipped") == ORDERS


def full_order(api: APIClient, products: Iterable[Product], staff: User) -> str:
    """Let all there is happen to an order, once for each line; return its page."""
    order = paid_order(api, *(line(product, 5) for product in products))
    for item in order.items.all():
        order_address_change(
            order_id=order.pk,
            seen=destination_seal(Order.objects.get(pk=order.pk)),
            new=Destination(**{**ADDRESS, "detail": f"{item.pk}号"}),
            operator_id=staff.pk,
            reason="搬家",
        )
        order_note_add(order_id=order.pk, text=f"备注{item.pk}", operator_id=staff.pk)
    for item in order.items.all():
        order_ship(
            order_id=order.pk,
            carrier="SF",
            tracking_no=f"SF{item.pk}",
            operator_id=staff.pk,
            quantities={item.pk: 2},
        )
        refund_by_staff(
            order_id=order.pk,
            operator_id=staff.pk,
            reason="缺货",
            quantities={item.pk: 1},
        )
    return f"{ORDERS}{order.pk}/change/"


def test_statements_of_a_page_do_not_grow_with_anything(
    client: Client,
    staff: User,
    shopper_api: APIClient,
    product_make: Callable[..., Product],
) -> None:
    """For the clerk who sees most, whose permissions are asked for, too."""
    reader = clerk(
        client,
        *("view_order", "ship_order", "refund_order", "note_order", "view_payment"),
        *("view_refund", "view_shippingupload", "reveal_shopper"),
    )
    products = [product_make(f"茶{number}") for number in range(4)]

    def statements(url: str) -> int:
        page(reader, url)  # Once, to fill Django's cache of content types.
        with CaptureQueriesContext(connection) as queries:
            page(reader, url)
        return len(queries)

    few = full_order(shopper_api, products[:1], staff)
    many = full_order(shopper_api, products, staff)
    assert statements(few) == statements(many) <= 15
    text = page(reader, many)
    for fact in ("搬家", "备注", "发出包裹", "同意退款", "已发2", "退款1", "SF"):
        assert fact in text
