"""Another address for an order of which nothing has left."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import wait_until
from orders.errors import AddressChanged, IllegalTransition
from orders.models import Order, OrderAddressChange, OrderNote
from orders.services.accounts import account_delete, account_export
from orders.services.fulfilment import order_ship
from orders.services.notes import order_note_add
from orders.services.placing import Destination
from orders.services.readdressing import (
    destination_of_order,
    destination_seal,
    order_address_change,
)
from orders.tests.conftest import ADDRESS, ORDERS, clerk, line, page, paid_order, placed
from shop.errors import Invalid

OLD = Destination(**ADDRESS)
NEW = replace(OLD, detail="软件园2号楼", phone="13912345678")


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    return paid_order(shopper_api, line(tea), line(cup))


def change(order: Order, staff: User, **changed: Any) -> Order:
    seen = changed.pop("seen", destination_seal(order))
    return order_address_change(
        order_id=order.pk,
        seen=seen,
        new=changed.pop("new", NEW),
        operator_id=staff.pk,
        reason="买家来电",
    )


def test_address_is_changed_and_its_history_kept(order: Order, staff: User) -> None:
    change(order, staff)
    order.refresh_from_db()
    assert destination_of_order(order) == NEW
    row = OrderAddressChange.objects.get()
    assert row.old == ADDRESS
    assert row.new == {**ADDRESS, "detail": "软件园2号楼", "phone": "13912345678"}
    assert (row.operator, row.reason) == (staff, "买家来电")


def test_old_page_does_not_overwrite_a_newer_address(order: Order, staff: User) -> None:
    old = destination_seal(order)
    change(order, staff)
    with pytest.raises(AddressChanged):
        change(order, staff, seen=old, new=replace(OLD, city="广州市"))
    order.refresh_from_db()
    assert destination_of_order(order) == NEW
    assert OrderAddressChange.objects.count() == 1


def test_same_address_is_no_change(order: Order, staff: User) -> None:
    with pytest.raises(Invalid, match="收货地址没有变化"):
        change(order, staff, new=OLD)
    assert not OrderAddressChange.objects.exists()


@pytest.mark.parametrize(
    "name", ["partly", "shipped", "completed", "cancelled", "closing", "refunding"]
)
def test_what_has_left_or_ended_keeps_its_address(
    one_of_each: dict[str, Order], staff: User, name: str
) -> None:
    with pytest.raises(IllegalTransition):
        change(one_of_each[name], staff)
    one_of_each[name].refresh_from_db()
    assert destination_of_order(one_of_each[name]) == OLD
    assert not OrderAddressChange.objects.exists()


@pytest.mark.parametrize("name", ["pending", "paid"])
def test_unpaid_and_unshipped_orders_may_go_elsewhere(
    one_of_each: dict[str, Order], staff: User, name: str
) -> None:
    assert destination_of_order(change(one_of_each[name], staff)) == NEW


@pytest.mark.django_db(transaction=True)
def test_parcel_that_leaves_at_the_same_moment_comes_first(
    order: Order, staff: User
) -> None:
    """The address waits for the parcel's lock, and then finds that it has left."""
    errors: list[Exception] = []

    def readdress() -> None:
        try:
            change(order, staff)
        except IllegalTransition as error:
            errors.append(error)
        finally:
            connection.close()

    def is_waiting() -> bool:
        with connection.cursor() as cursor:
            # Within a transaction the first look would be the only one.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            )
            return bool(cursor.fetchone()[0])

    thread = threading.Thread(target=readdress)
    with transaction.atomic():
        order_ship(order_id=order.pk, carrier="SF", tracking_no="SF1", operator_id=None)
        thread.start()
        wait_until(is_waiting)
    thread.join()
    assert [str(error.message) for error in errors] == ["订单已发货,不能改地址"]
    order.refresh_from_db()
    assert destination_of_order(order) == OLD


def sent(order: Order, **changed: str) -> dict[str, str]:
    return {**ADDRESS, "seen": destination_seal(order), "reason": "搬家", **changed}


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"phone": "12345678901"}, "手机号格式不正确"),
        ({"phone": "٠٣٩١٢٣٤٥٦٧٨"}, "手机号格式不正确"),
        ({"name": " "}, "收货人不能为空"),
        ({"name": "<b></b>"}, "收货人不能为空"),
        ({"detail": "长" * 201}, "详细地址长度不能超过200"),
        ({"city": ""}, "城市不能为空"),
        ({"reason": ""}, "原因不能为空"),
        ({"detail": "别处", "seen": "x"}, "收货地址已变化,请刷新后重试"),
        ({}, "收货地址没有变化"),
    ],
)
def test_page_refuses_what_the_api_would(
    desk: Client, order: Order, changed: dict[str, str], refusal: str
) -> None:
    url = f"{ORDERS}{order.pk}/readdress/"
    response = desk.post(url, sent(order, **changed))
    assert response.status_code == 200
    assert refusal in response.content.decode()
    order.refresh_from_db()
    assert destination_of_order(order) == OLD
    assert not OrderAddressChange.objects.exists()
    assert not LogEntry.objects.exists()


def test_page_shows_the_old_address_only_to_those_who_may_see_it(
    client: Client, order: Order
) -> None:
    url = f"{ORDERS}{order.pk}/readdress/"
    clerk(client, "view_order", "readdress_order")
    text = page(client, url)
    assert "张**" in text
    assert "13800138000" not in text
    assert "科技园" not in text
    # A whole new one can be written all the same.
    new = sent(order, detail="软件园2号楼", phone="13912345678")
    assert client.post(url, new).status_code == 302
    order.refresh_from_db()
    assert destination_of_order(order) == NEW
    text = page(client, f"{ORDERS}{order.pk}/change/")
    assert "改地址" in text
    assert "软件园" not in text


def test_note_is_for_staff_alone(
    desk: Client, staff: User, shopper_api: APIClient, order: Order
) -> None:
    url = f"{ORDERS}{order.pk}/note/"
    assert desk.post(url, {"text": "<b>易碎</b>"}).status_code == 302
    note = OrderNote.objects.get()
    assert (note.order, note.text, note.operator) == (order, "易碎", staff)
    assert "易碎" in page(desk, f"{ORDERS}{order.pk}/change/")
    shown = shopper_api.get(f"/api/orders/{order.order_no}").content.decode()
    assert "易碎" not in shown
    refused = desk.post(url, {"text": " "})
    assert "备注不能为空" in refused.content.decode()
    assert OrderNote.objects.count() == 1
    # Pressed twice it is one note; said again later it is two.
    desk.post(url, {"text": "易碎"})
    assert OrderNote.objects.count() == 1
    OrderNote.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    desk.post(url, {"text": "易碎"})
    assert OrderNote.objects.count() == 2
    # The same words by somebody else are another's note.
    other = User.objects.create_superuser("other", "a-long-password-9")
    order_note_add(order_id=order.pk, text="易碎", operator_id=other.pk)
    assert OrderNote.objects.count() == 3


def test_deleted_account_takes_addresses_and_notes_along(
    shopper_api: APIClient, staff: User, tea: Product
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    order = Order.objects.get(order_no=order_no)
    change(order, staff)
    order_note_add(order_id=order.pk, text="张三要发票", operator_id=staff.pk)
    (exported,) = account_export(user=order.user)["orders"]
    (told,) = exported["addressChanges"]
    assert (told["from"], told["to"]["detail"]) == (ADDRESS, "软件园2号楼")
    assert "张三要发票" not in str(exported)

    shopper_api.post(f"/api/orders/{order_no}/cancel")
    account_delete(user_id=order.user_id)
    row = OrderAddressChange.objects.get()
    assert (row.old, row.new, row.reason) == ({}, {}, "买家来电")
    assert OrderNote.objects.get().text == ""


def test_page_of_a_deleted_accounts_order_still_opens(
    desk: Client, staff: User, order: Order
) -> None:
    change(order, staff)
    OrderAddressChange.objects.update(old={}, new={})
    assert "已删除 → 已删除" in page(desk, f"{ORDERS}{order.pk}/change/")


def test_a_page_of_the_old_address_ships_nothing(desk: Client, order: Order) -> None:
    """The label that was written by it bears the old one."""
    url = reverse("admin:orders_order_ship", args=[order.pk])
    seen = desk.get(url).context["form"]["seen"].value()
    Order.objects.filter(pk=order.pk).update(detail="别处1号")
    sent = {"carrier": "SF", "tracking_no": "SF1001", "seen": seen}
    sent |= {f"quantity_{item.pk}": item.quantity for item in order.items.all()}
    answer = desk.post(url, sent)
    assert answer.context["form"].non_field_errors() == [AddressChanged.message]
    assert not order.shipments.exists()
    sent["seen"] = desk.get(url).context["form"]["seen"].value()
    assert desk.post(url, sent).status_code == 302
    assert order.shipments.exists()
