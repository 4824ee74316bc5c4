"""The one search box: what it finds, for whom, and at what price."""

from collections.abc import Callable
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from orders.models import Order, Payment, Refund
from orders.tests.conftest import line, paid_order, placed
from shop.tests.clerks import browser, clerk_with

SEARCH = "/admin/search/"
Found = list[tuple[str, str, str]]


def found(client: Client, word: str) -> Found:
    """Return title, description and address of what is found, in its sequence."""
    answer = client.get(SEARCH, {"s": word})
    assert answer.status_code == 200
    return [(one.title, one.description, one.link) for one in answer.context["results"]]


@pytest.fixture
def boss(staff: User) -> Client:
    return browser(staff)


@pytest.fixture
def tea(product_make: Callable[..., Product]) -> Product:
    tea = product_make("龙井茶", price="99.00")
    Sku.objects.filter(product=tea).update(code="LJ-01")
    return tea


@pytest.fixture
def order(shopper_api: APIClient, tea: Product) -> Order:
    return paid_order(shopper_api, line(tea))


def order_found(order: Order, name: str = "张三", state: str = "待发货") -> Found:
    link = f"/admin/orders/order/{order.pk}/change/"
    return [(order.order_no, f"订单 · {state} · ¥99.00 · {name}", link)]


def test_order_by_its_number(boss: Client, order: Order) -> None:
    for word in (order.order_no, order.order_no[:10], order.order_no.lower()):
        assert found(boss, word) == order_found(order)
    assert found(boss, f" {order.order_no} ") == order_found(order)


def test_newest_orders_come_first_and_no_more_than_five(
    boss: Client, shopper_api: APIClient, tea: Product
) -> None:
    numbers = [placed(shopper_api, line(tea))["orderNo"] for _ in range(6)]
    shown = [title for title, _, _ in found(boss, numbers[0][:4])]
    assert shown == sorted(numbers, reverse=True)[:5]


def test_order_and_shopper_by_phone_and_name(
    boss: Client, order: Order, shopper: User
) -> None:
    User.objects.filter(pk=shopper.pk).update(phone="13800138000", nickname="小龙")
    person = [
        (
            "小龙",
            "用户 · 138****8000",
            f"/admin/accounts/shopper/{shopper.pk}/change/",
        )
    ]
    for phone in ("13800138000", "1380013"):
        assert found(boss, phone) == order_found(order) + person
    assert found(boss, "13800138001") == []
    assert found(boss, "张三") == order_found(order)
    assert found(boss, "小龙") == person


def test_who_may_not_read_people_does_not_find_them_by_what_is_masked(
    order: Order, shopper: User
) -> None:
    """Not by the whole of it either: what is hidden would be tried."""
    User.objects.filter(pk=shopper.pk).update(phone="13800138000", nickname="小龙")
    clerk = clerk_with("orders.view_order", "accounts.view_shopper")
    for word in ("13800138000", "1380013800", "张三", "张"):
        assert found(clerk, word) == [], word
    assert found(clerk, order.order_no) == order_found(order, name="张**")
    assert [one[:2] for one in found(clerk, "小龙")] == [("小龙", "用户 · 138****8000")]


def test_payment_by_our_number_and_by_wechats(boss: Client, order: Order) -> None:
    payment = Payment.objects.get()
    Payment.objects.update(transaction_id="4200002611202611261234567890")
    link = f"/admin/orders/payment/{payment.pk}/change/"
    expected = [(payment.out_trade_no, "支付 · 已支付 · ¥99.00", link)]
    assert found(boss, payment.out_trade_no) == expected
    assert found(boss, "4200002611202611261234567890") == expected


def test_refund_by_its_number_and_by_wechats(
    boss: Client, order: Order, shopper_api: APIClient
) -> None:
    url = f"/api/orders/{order.order_no}/refunds"
    shopper_api.post(url, {"reason": "不想要了"}, format="json")
    refund = Refund.objects.get()
    link = f"/admin/orders/refund/{refund.pk}/change/"
    expected = [(refund.refund_no, "退款 · 待处理 · ¥99.00", link)]
    for word in (refund.refund_no, refund.refund_no[:9], refund.out_refund_no):
        assert found(boss, word) == expected


def test_product_by_a_part_of_its_name_and_by_code(boss: Client, tea: Product) -> None:
    link = f"/admin/catalog/product/{tea.pk}/change/"
    expected = [("龙井茶", "商品 · 在售 · ¥99.00", link)]
    assert found(boss, "井茶") == expected
    assert found(boss, "LJ-01") == expected
    Product.objects.update(status="off_sale")
    assert found(boss, "井茶") == [("龙井茶", "商品 · 下架 · ¥99.00", link)]
    Product.objects.update(status="deleted")
    assert found(boss, "井茶") == []


def test_desks_and_what_is_begun_there(boss: Client, db: None) -> None:
    assert found(boss, "对账") == [
        ("对账", "资金", "/admin/orders/billcheck/"),
        ("对账差异", "资金", "/admin/orders/billdifference/"),
    ]
    assert ("新增商品", "操作", "/admin/catalog/product/add/") in found(boss, "商品")


PERMISSIONS = {
    "orders.view_order": "订单",
    "orders.view_payment": "支付",
    "orders.view_refund": "退款",
    "catalog.view_product": "商品",
    "accounts.view_shopper": "用户",
}


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_each_finds_what_their_permission_shows(
    order: Order, shopper_api: APIClient, shopper: User, permission: str
) -> None:
    url = f"/api/orders/{order.order_no}/refunds"
    shopper_api.post(url, {"reason": "不想要了"}, format="json")
    clerk = clerk_with(permission)
    words = (
        *(order.order_no, Payment.objects.get().out_trade_no),
        *(Refund.objects.get().refund_no, "井茶", "LJ-01", "张三", "shopper"),
    )
    kinds = {
        description.split(" · ")[0]
        for word in words
        for _, description, _ in found(clerk, word)
    }
    assert kinds == {PERMISSIONS[permission]}


def test_nobody_finds_a_place_that_is_closed_to_them(db: None) -> None:
    clerk = clerk_with("orders.view_order")
    assert found(clerk, "订单") == [("订单", "订单", "/admin/orders/order/")]
    for word in ("商品", "员工", "新增", "对账"):
        assert found(clerk, word) == []
    assert Client().get(SEARCH, {"s": "订单"}).status_code == 302


def test_nothing_is_kept_for_the_next_search(order: Order) -> None:
    """Neither a row that has changed nor a right that was taken away."""
    client = clerk_with("orders.view_order", "accounts.reveal_shopper")
    clerk = User.objects.get(username__startswith="clerk")
    assert found(client, order.order_no) == order_found(order)
    Order.objects.update(status="shipped")
    assert found(client, order.order_no) == order_found(order, state="已发货")
    clerk.user_permissions.clear()
    assert found(client, order.order_no) == []


@pytest.mark.parametrize(
    "word",
    ["", " ", "\0", "%", "_", "'", "'; DROP TABLE x", "\\", "x" * 5000, "0" * 64],
)
def test_odd_words_find_nothing(boss: Client, order: Order, word: str) -> None:
    assert found(boss, word) == []


def test_what_people_have_typed_is_text(
    boss: Client, order: Order, product_make: Callable[..., Product]
) -> None:
    name = "<img src=x onerror=alert(1)>"
    product_make(f"红茶{name}")
    Order.objects.update(name=name)
    for word in ("红茶", order.order_no, name):
        page = boss.get(SEARCH, {"s": word}).content.decode()
        assert name not in page
        assert name in unescape(page)


def statements(client: Client, word: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        found(client, word)
    return [one["sql"] for one in captured.captured_queries]


@pytest.mark.parametrize(
    ("word", "most"), [("26", 2), ("1380013", 4), ("13800138000", 4), ("茶叶", 4)]
)
def test_a_search_asks_few_statements(boss: Client, word: str, most: int) -> None:
    # Two more tell who asks.
    assert len(statements(boss, word)) <= 2 + most


def test_each_statement_goes_by_an_index(boss: Client, staff: User) -> None:
    """Of 20,000 rows each; a million are read in the same way."""
    rows_make(staff)
    words = ("260101", "13800001234", "1380000", "王1234", "昵称1234", "LJ-77")
    asked = [
        statement
        for word in words
        for statement in statements(boss, word)
        if '"orders_order"' in statement or '"accounts_user"."nickname"' in statement
    ]
    asked = [one for one in asked if "LIMIT" in one]
    assert len(asked) >= len(words)
    with connection.cursor() as cursor:
        for statement in asked:
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            for table in ("orders_order", "accounts_user"):
                assert f"Seq Scan on {table}" not in plan, plan


def rows_make(staff: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_user (password, is_superuser, openid, nickname,"
            " session_key_encrypted, avatar, phone, is_staff, is_active, created_at,"
            " updated_at) SELECT '', false, 'o' || n, '昵称' || n, '', '',"
            " (13800000000 + n)::text, false, true, now(), now()"
            " FROM generate_series(1, 20000) AS n"
        )
        cursor.execute(
            "INSERT INTO orders_order (order_no, user_id, status, goods_amount,"
            " freight_amount, discount_amount, total_amount, name, phone, province,"
            " city, district, detail, remark, request_hash, expires_at, due_at,"
            " close_reason, created_at, updated_at) SELECT '260101' || lpad(n::text,"
            " 9, '0') || 'ABCDE0001', %s, 'pending', 1, 0, 0, 1, '王' || n,"
            " (13800000000 + n)::text, '', '', '', '', '', '', now(), now(), '',"
            " now(), now() FROM generate_series(1, 20000) AS n",
            [staff.pk],
        )
        cursor.execute("ANALYZE accounts_user, orders_order")


def test_that_nothing_was_found_is_told(boss: Client) -> None:
    page = boss.get(SEARCH, {"s": "没有<b>"}).content.decode()
    assert "没有找到“没有&lt;b&gt;”" in page
