"""What staff do with orders in the admin, and where it is offered at all."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import (
    Order,
    OrderEvent,
    OrderPriceChange,
    Refund,
    Shipment,
    ShipmentItem,
)
from orders.tests.conftest import (
    ORDERS,
    clerk,
    line,
    page,
    paid_order,
    placed,
    stock_of,
    written,
)
from shop.devstack.simulator.process import SimulatorProcess

ACTIONS = ("ship", "correct", "refund", "reprice", "readdress", "cancel")
OFFERED = {
    "pending": {"reprice", "readdress", "cancel"},
    "closing": set(),
    "paid": {"ship", "readdress", "refund"},
    "partly": {"ship", "correct", "refund"},
    "refunding": set(),
    "shipped": {"correct", "refund"},
    "completed": {"refund"},
    "cancelled": set(),
}


def url(order: Order, name: str) -> str:
    return f"{ORDERS}{order.pk}/{name}/"


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def refusals(response: Any) -> list[str]:
    """List what the page of an action says of the form that was sent."""
    assert response.status_code == 200
    errors = response.context["form"].errors.values()
    return [text for texts in errors for text in texts]


def offered(client: Client, order: Order) -> set[str]:
    text = page(client, url(order, "change"))
    return {name for name in ACTIONS if f'href="{url(order, name)}"' in text}


def books() -> tuple[Any, ...]:
    """Read all that the actions write."""
    orders = Order.objects.order_by("pk").values("status", "closing_at", "total_amount")
    return (
        *(written(), list(orders), list(Shipment.objects.order_by("pk").values())),
        *(ShipmentItem.objects.count(), OrderPriceChange.objects.count()),
        list(Refund.objects.order_by("pk").values()),
    )


def fields(order: Order, **changed: str) -> dict[str, str]:
    """Return a good form of every action at once."""
    amounts = {"freight_amount": "8.00", "discount_amount": "1.00"}
    amounts |= {"seen_amount": "0.00", "seen_parcels": "0"}
    seen = {"seen_freight_amount": "0.00", "seen_discount_amount": "0.00"}
    return {
        "carrier": "SF",
        "tracking_no": "SF1234",
        "reason": "缺货",
        **{f"quantity_{item.pk}": "1" for item in order.items.all()},
        **amounts,
        **seen,
        **changed,
    }


@pytest.fixture
def unpaid(shopper_api: APIClient, tea: Product) -> Order:
    return Order.objects.get(order_no=placed(shopper_api, line(tea))["orderNo"])


@pytest.fixture
def paid(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    return paid_order(shopper_api, line(tea, 3), line(cup))


@pytest.mark.parametrize("name", list(OFFERED))
def test_buttons_and_pages_are_those_of_the_state(
    desk: Client, one_of_each: dict[str, Order], name: str
) -> None:
    order = one_of_each[name]
    assert offered(desk, order) == OFFERED[name]
    before = books()
    for action in set(ACTIONS) - OFFERED[name]:
        for response in (
            desk.get(url(order, action)),
            desk.post(url(order, action), fields(order)),
        ):
            assert response.status_code == 302
            assert response.headers["Location"] == url(order, "change")
            assert "不能这样做" in told(response)[0]
    assert books() == before


def test_pages_of_no_order_lead_back(desk: Client) -> None:
    for action in ACTIONS:
        response = desk.get(f"{ORDERS}999/{action}/", follow=True)
        assert response.status_code == 200
        assert "订单不存在,不能这样做" in response.content.decode()


@pytest.mark.parametrize("permission", ["view_order", "change_order", "ship_order"])
def test_staff_without_the_permission_see_no_button_and_get_403(
    client: Client, one_of_each: dict[str, Order], permission: str
) -> None:
    """`ship_order` without `view_order` opens nothing either."""
    client = clerk(client, permission)
    before = books()
    for name, order in one_of_each.items():
        if permission != "ship_order":
            assert offered(client, order) == set()
        for action in OFFERED[name]:
            assert client.get(url(order, action)).status_code == 403
            answer = client.post(url(order, action), fields(order))
            assert answer.status_code == 403
    assert books() == before


@pytest.mark.parametrize(
    ("permission", "actions"),
    [
        ("ship_order", {"ship", "correct"}),
        ("reprice_order", {"reprice"}),
        ("refund_order", {"refund"}),
        ("cancel_order", {"cancel"}),
    ],
)
def test_each_permission_opens_its_own(
    client: Client, one_of_each: dict[str, Order], permission: str, actions: set[str]
) -> None:
    client = clerk(client, "view_order", permission)
    for name, order in one_of_each.items():
        assert offered(client, order) == OFFERED[name] & actions
        for action in OFFERED[name]:
            expected = 200 if action in actions else 403
            assert client.get(url(order, action)).status_code == expected


def test_looking_does_nothing_and_neither_does_a_foreign_page(
    desk: Client, staff: User, one_of_each: dict[str, Order], paid: Order
) -> None:
    before = books()
    for name, actions in OFFERED.items():
        for action in actions:
            page(desk, url(one_of_each[name], action))
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(staff)
    assert forged.post(url(paid, "ship"), fields(paid)).status_code == 403
    assert books() == before


def test_statements_of_the_pages_do_not_grow(
    desk: Client,
    one_of_each: dict[str, Order],
    paid: Order,
    django_assert_max_num_queries: Any,
) -> None:
    for name, actions in OFFERED.items():
        for action in actions:
            with django_assert_max_num_queries(20):
                page(desk, url(one_of_each[name], action))


def test_ship_in_two_parcels(desk: Client, staff: User, paid: Order) -> None:
    tea, cup = paid.items.values_list("pk", flat=True)
    text = page(desk, url(paid, "ship"))
    assert f'name="quantity_{tea}" value="3"' in text
    assert "广东省深圳市南山区科技园1号" in text

    sent = {f"quantity_{tea}": "2", f"quantity_{cup}": "0"}
    first = desk.post(url(paid, "ship"), fields(paid, **sent))
    assert told(first) == ["已登记包裹 顺丰速运 SF1234,订单还有商品未发"]
    assert Order.objects.get().status == "paid"

    text = page(desk, url(paid, "ship"))
    assert f'name="quantity_{tea}" value="1"' in text
    last = fields(paid, carrier="YD", tracking_no="YD1234")
    second = desk.post(url(paid, "ship"), last)
    assert told(second) == ["已登记包裹 韵达速递 YD1234,订单已全部发货"]
    assert Order.objects.get().status == "shipped"
    assert set(Shipment.objects.values_list("operator", flat=True)) == {staff.pk}
    rows = ShipmentItem.objects.values_list("order_item", "quantity")
    assert list(rows) == [(tea, 2), (tea, 1), (cup, 1)]
    assert LogEntry.objects.filter(object_id=str(paid.pk), user=staff).count() == 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"carrier": "UPS"}, "选择一个有效的选项。 UPS 不在可用的选项中。"),
        ({"tracking_no": ""}, "该字段是必填项。"),
        ({"tracking_no": "顺丰1234"}, "快递单号只能是4到64位字母、数字和横线"),
        ({"tracking_no": "S" * 65}, "快递单号只能是4到64位字母、数字和横线"),
        ({"tea": "4"}, "确保该值小于或等于3。"),
        ({"tea": "-1"}, "确保该值大于或等于0。"),
        ({"tea": "1.5"}, "输入整数。"),
        ({"tea": "0", "cup": "0"}, "请选择要发货的商品和数量"),
    ],
)
def test_a_parcel_that_cannot_be_is_refused_on_its_page(
    desk: Client, paid: Order, changed: dict[str, str], message: str
) -> None:
    tea, cup = paid.items.values_list("pk", flat=True)
    names = {"tea": f"quantity_{tea}", "cup": f"quantity_{cup}"}
    form = {names.get(name, name): value for name, value in changed.items()}
    before = books()
    response = desk.post(url(paid, "ship"), fields(paid, **form))
    assert refusals(response) == [message]
    assert books() == before


def test_same_parcel_twice_is_told(desk: Client, paid: Order) -> None:
    desk.post(url(paid, "ship"), fields(paid))
    before = books()
    response = desk.post(url(paid, "ship"), fields(paid))
    assert refusals(response) == ["该运单已登记,请勿重复提交"]
    assert "该运单已登记,请勿重复提交" in response.content.decode()
    assert books() == before


def test_correct_a_parcel(
    desk: Client, one_of_each: dict[str, Order], staff: User
) -> None:
    order = one_of_each["partly"]
    parcel = Shipment.objects.get(order=order)
    form = {"shipment": parcel.pk, "carrier": "YTO", "tracking_no": "YT9999"}
    response = desk.post(url(order, "correct"), form)
    message = "包裹 顺丰速运 SF-partly 已更正为 圆通速递 YT9999"
    assert told(response) == [message]
    entry = LogEntry.objects.get(object_id=str(order.pk))
    assert (entry.user, entry.get_change_message()) == (staff, message)
    assert str(Shipment.objects.get(pk=parcel.pk)) == "圆通速递 YT9999"


def test_parcel_of_another_order_is_not_corrected(
    desk: Client, one_of_each: dict[str, Order]
) -> None:
    other = Shipment.objects.get(order=one_of_each["shipped"])
    form = {"shipment": other.pk, "carrier": "YTO", "tracking_no": "YT9999"}
    before = books()
    response = desk.post(url(one_of_each["partly"], "correct"), form)
    assert refusals(response) == ["选择一个有效的选项： 该选择不在可用的选项中。"]
    assert books() == before


def test_cancel(desk: Client, staff: User, unpaid: Order, tea: Product) -> None:
    response = desk.post(url(unpaid, "cancel"), {"reason": "<b>缺货</b>"})
    assert told(response) == ["订单已取消,库存已退回"]
    event = OrderEvent.objects.latest("pk")
    assert (event.to_status, event.operator, event.reason) == (
        "cancelled",
        staff,
        "缺货",
    )
    assert stock_of(tea) == 10


@pytest.mark.parametrize("reason", ["", " ", "<b></b>"])
def test_cancel_needs_a_reason(desk: Client, unpaid: Order, reason: str) -> None:
    before = books()
    response = desk.post(url(unpaid, "cancel"), {"reason": reason})
    assert refusals(response) == ["原因不能为空"]
    assert books() == before


@pytest.fixture
def started(wechat_api: APIClient, simulator: SimulatorProcess, tea: Product) -> Order:
    """An unpaid order that its shopper has begun to pay."""
    order_no = placed(wechat_api, line(tea))["orderNo"]
    assert wechat_api.post(f"/api/orders/{order_no}/pay").status_code == 200
    return Order.objects.get(order_no=order_no)


def test_cancel_while_wechat_is_away_says_so(
    desk: Client, started: Order, simulator: SimulatorProcess, tea: Product
) -> None:
    simulator.fault("close", "500", 1)
    response = desk.post(url(started, "cancel"), {"reason": "缺货"})
    assert told(response) == ["微信暂时联系不上,订单关闭中,系统会自动重试"]
    assert "关闭中" in page(desk, response.headers["Location"])
    assert stock_of(tea) == 9


def test_reprice(desk: Client, staff: User, started: Order) -> None:
    text = page(desk, url(started, "reprice"))
    assert 'name="seen_freight_amount" value="0.00"' in text
    assert "¥99.00" in text
    response = desk.post(url(started, "reprice"), fields(started))
    assert told(response) == ["应付金额已改为¥106.00"]
    change = OrderPriceChange.objects.get()
    assert (change.operator, change.reason) == (staff, "缺货")
    assert Order.objects.get().total_amount == Decimal("106.00")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"freight_amount": "-1"}, "确保该值大于或等于0.00。"),
        ({"freight_amount": "1.005"}, "确认小数不超过 2 位."),
        ({"freight_amount": "NaN"}, "输入一个数字。"),
        ({"discount_amount": ""}, "该字段是必填项。"),
        ({"discount_amount": "107.00"}, "应付金额不能小于0.01"),
        ({"freight_amount": "9999999999.99"}, "应付金额不能大于21474836.47"),
        ({"freight_amount": "0", "discount_amount": "0"}, "价格没有变化"),
        ({"seen_freight_amount": "5.00"}, "订单价格已变化,请刷新后重试"),
        ({"seen_freight_amount": ""}, "该字段是必填项。"),
        ({"reason": ""}, "原因不能为空"),
        ({"reason": "<b> </b>"}, "原因不能为空"),
    ],
)
def test_a_price_that_cannot_be_is_refused_on_its_page(
    desk: Client, unpaid: Order, changed: dict[str, str], message: str
) -> None:
    before = books()
    response = desk.post(url(unpaid, "reprice"), fields(unpaid, **changed))
    assert refusals(response) == [message]
    assert books() == before


def test_reprice_while_wechat_is_away_changes_nothing(
    desk: Client, started: Order, simulator: SimulatorProcess
) -> None:
    before = books()
    simulator.fault("query", "500", 1)
    response = desk.post(url(started, "reprice"), fields(started))
    assert refusals(response) == ["微信暂时联系不上,价格未改,请稍后再试"]
    assert books() == before


@pytest.mark.parametrize("again", ["SF1234\n", " SF1234 ", "sf1234", "SF1234\r\n"])
def test_one_parcel_has_one_number_however_it_is_typed(
    desk: Client, paid: Order, again: str
) -> None:
    desk.post(url(paid, "ship"), fields(paid))
    response = desk.post(url(paid, "ship"), fields(paid, tracking_no=again))
    assert refusals(response) == ["该运单已登记,请勿重复提交"]
    assert list(Shipment.objects.values_list("tracking_no", flat=True)) == ["SF1234"]
