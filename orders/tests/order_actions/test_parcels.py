"""Staff ship orders in the admin, and mend the numbers of parcels."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from orders.models import Order, Shipment, ShipmentItem
from orders.tests.conftest import page
from orders.tests.order_actions.pages import books, fields, refusals, told, url


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


@pytest.mark.parametrize("again", ["SF1234\n", " SF1234 ", "sf1234", "SF1234\r\n"])
def test_one_parcel_has_one_number_however_it_is_typed(
    desk: Client, paid: Order, again: str
) -> None:
    desk.post(url(paid, "ship"), fields(paid))
    response = desk.post(url(paid, "ship"), fields(paid, tracking_no=again))
    assert refusals(response) == ["该运单已登记,请勿重复提交"]
    assert list(Shipment.objects.values_list("tracking_no", flat=True)) == ["SF1234"]
