"""Where an order's parcels are, as its shopper and staff see it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.carriers import CARRIERS, OTHER
from orders.models import Order
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_agree_return, refund_return_parcel
from orders.tests.conftest import line, page, paid_order
from orders.tests.refunding import asked, pieces
from shop.devstack.simulator.process import SimulatorProcess
from shop.tracking import kuaidi100


@pytest.fixture
def order(
    shopper_api: APIClient, simulator: SimulatorProcess, staff: User, tea: Product
) -> Order:
    """An order in two parcels, one of which nobody traces, and one that comes back."""
    order = paid_order(shopper_api, line(tea, 2))
    item = order.items.get().pk
    for carrier, number in (("SF", "SF880021"), (OTHER, "X0001")):
        order_ship(
            order_id=order.pk,
            carrier=carrier,
            tracking_no=number,
            operator_id=None,
            quantities={item: 1},
        )
    refund = asked(shopper_api, order, type="return", items=pieces(order, 1))
    refund_agree_return(refund_id=refund.pk, operator_id=staff.pk, address="二号仓")
    refund_return_parcel(
        refund_no=refund.refund_no,
        user_id=order.user_id,
        carrier="YTO",
        tracking_no="YT880099",
    )
    return order


def parcels(api: APIClient, order: Order) -> list[dict[str, Any]]:
    response = api.get(f"/api/orders/{order.order_no}/logistics")
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["data"]["parcels"]
    return found


def test_all_carriers_are_known_to_kuaidi100() -> None:
    assert kuaidi100.CARRIERS.keys() == CARRIERS.keys() - {OTHER}


def test_each_parcel_has_its_trace_or_says_why_not(
    shopper_api: APIClient, order: Order
) -> None:
    with CaptureQueriesContext(connection) as queries:
        sent, untraced, returned = parcels(shopper_api, order)
    # User with session, order, parcels, refunds.
    assert len(queries) == 4
    moments = [step.pop("at") for step in sent["trace"]]
    assert moments == sorted(moments, reverse=True)
    assert all(moment.endswith("+08:00") for moment in moments)
    assert sent.pop("sentAt").endswith("+08:00")
    assert sent == {
        "carrier": "SF",
        "carrierName": "顺丰速运",
        "trackingNo": "SF880021",
        "refundNo": "",
        "traceStatus": "known",
        "notice": "",
        "state": "in_transit",
        "trace": [
            {"text": "快件已到达目的地转运中心"},
            {"text": "【杭州市】快件已发往目的地转运中心"},
            {"text": "【杭州市】快件已到达杭州转运中心"},
            {"text": "【杭州市】您的快件已由快递员揽收"},
        ],
    }
    assert (untraced["traceStatus"], untraced["notice"], untraced["trace"]) == (
        *("unsupported", "暂不支持查询这个包裹的物流"),
        [],
    )
    refund = order.refunds.get()
    assert (returned["refundNo"], returned["state"]) == (refund.refund_no, "delivered")


def test_with_the_service_away_parcels_are_shown_without_a_trace(
    shopper_api: APIClient, order: Order, simulator: SimulatorProcess
) -> None:
    simulator.fault("trace", "500", 2)
    sent, _, returned = parcels(shopper_api, order)
    for parcel, number in ((sent, "SF880021"), (returned, "YT880099")):
        assert (parcel["trackingNo"], parcel["traceStatus"]) == (number, "unavailable")
        assert parcel["notice"] == "物流查询暂时不可用,请稍后再试"
        assert (parcel["state"], parcel["trace"]) == ("", [])
    # Nothing of it is kept.
    assert parcels(shopper_api, order)[0]["traceStatus"] == "known"


def test_nobody_elses_and_none_before_it_has_left(
    shopper_api: APIClient, other_api: APIClient, order: Order, tea: Product
) -> None:
    url = f"/api/orders/{order.order_no}/logistics"
    assert other_api.get(url).status_code == 404
    assert parcels(shopper_api, paid_order(shopper_api, line(tea))) == []


def test_staff_see_it_when_they_ask(
    desk: Client, order: Order, simulator: SimulatorProcess, settings: Any
) -> None:
    url = f"/admin/orders/order/{order.pk}/change/"
    simulator.fault("trace", "500")
    text = page(desk, url)
    assert 'href="?logistics=1#traces"' in text
    assert "揽收" not in text
    simulator.clear_faults()
    text = page(desk, f"{url}?logistics=1")
    for fact in (
        *("SF880021", "运输中", "快件已到达目的地转运中心"),
        *("退货 圆通速递 YT880099", "已签收", "暂不支持查询这个包裹的物流"),
    ):
        assert fact in text, fact
    settings.LOGISTICS_SERVICE = ""
    assert 'href="?logistics=1#traces"' not in page(desk, url)
