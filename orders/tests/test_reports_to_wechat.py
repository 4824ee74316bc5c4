"""Uploads and messages as WeChat gets them: real calls, real faults, a real worker."""

from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import soon_given_up
from orders.models import (
    MessageKind,
    Order,
    Payment,
    Refund,
    ShippingUpload,
    SubscribeMessage,
)
from orders.services.fulfilment import shipment_correct
from orders.services.messages import message_enqueue, message_send
from orders.services.shipping_uploads import shipping_upload_send
from orders.tests.conftest import line, placed
from orders.tests.shipping_upload.uploading import ship
from orders.tests.test_jobs import run_worker
from shop.devstack.environment import MESSAGE_SETTINGS
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat.errors import WeChatUnavailable
from shop.wechat.shipping import delivery_list
from shop.wechat.templates import EVENTS, template_read

TASK = "orders.jobs.shipping_upload_send"


@pytest.fixture(autouse=True)
def _templates(settings: Any) -> None:
    settings.WECHAT_TEMPLATES = {
        event: template_read(
            event, MESSAGE_SETTINGS[f"WECHAT_TEMPLATE_{event.upper()}"]
        )
        for event in EVENTS
    }
    settings.WECHAT_MESSAGE_PAGE = MESSAGE_SETTINGS["WECHAT_MESSAGE_PAGE"]


@pytest.fixture
def paid(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    shop_server: Any,
    queue: None,
    tea: Product,
    cup: Product,
) -> Order:
    """An order of 3 packets of tea and 2 cups, paid at WeChat."""
    order_no = placed(wechat_api, line(tea, 3), line(cup, 2))["orderNo"]
    assert wechat_api.post(f"/api/orders/{order_no}/pay").status_code == 200
    simulator.pay(Payment.objects.get().out_trade_no)
    order = Order.objects.get()
    assert order.status == "paid"
    return order


def uploads(simulator: SimulatorProcess) -> list[Any]:
    """Return what WeChat has taken for the payment."""
    number = Payment.objects.get().transaction_id
    every = simulator.state()["shippingUploads"]
    return [one for one in every if one["transactionId"] == number]


def messages(simulator: SimulatorProcess) -> list[Any]:
    """Return the messages about the order that WeChat has delivered."""
    order_no = Order.objects.get().order_no
    every = simulator.state()["messages"]
    return [one for one in every if one["page"].endswith(order_no)]


def numbers(one: Any) -> list[str]:
    return [entry["tracking_no"] for entry in one["shippingList"]]


def upload() -> ShippingUpload:
    return ShippingUpload.objects.get()


def test_wechat_learns_of_the_parcel(paid: Order, simulator: SimulatorProcess) -> None:
    ship(paid)
    shipping_upload_send(order_id=paid.pk)
    [taken] = uploads(simulator)
    assert (taken["logisticsType"], taken["deliveryMode"]) == (1, 1)
    assert taken["isAllDelivered"] is True
    assert taken["shippingList"] == [
        {
            "item_desc": "龙井茶*3、茶杯*2",
            "express_company": "SF",
            "tracking_no": "SF1234567890",
            "contact": {"receiver_contact": "138****8000"},
        }
    ]
    assert upload().state == "succeeded"


def test_parcels_are_merged_and_corrected_once(
    paid: Order, simulator: SimulatorProcess
) -> None:
    tea, _ = paid.items.values_list("pk", flat=True)
    first = ship(paid, "SF1111", quantities={tea: 2})
    ship(paid, "ZT2222", "ZTO")
    for number in ("SF3333", "SF4444"):
        shipping_upload_send(order_id=paid.pk)
        assert upload().state == "succeeded"
        shipment_correct(shipment_id=first.pk, carrier="SF", tracking_no=number)
    shipping_upload_send(order_id=paid.pk)
    assert [numbers(one) for one in uploads(simulator)] == [
        ["SF1111", "ZT2222"],
        ["SF3333", "ZT2222"],
    ]
    assert {one["deliveryMode"] for one in uploads(simulator)} == {2}
    row = upload()
    assert (row.state, row.error) == ("failed", "支付单的一次修改机会已用完")
    assert [one["tracking_no"] for one in row.parcels] == ["SF3333", "ZT2222"]


def test_carrier_without_a_code_is_taken(
    paid: Order, simulator: SimulatorProcess
) -> None:
    ship(paid, "X1234", "OTHER")
    shipping_upload_send(order_id=paid.pk)
    [taken] = uploads(simulator)
    assert taken["logisticsType"] == 2
    assert taken["shippingList"] == [{"item_desc": "龙井茶*3、茶杯*2"}]
    assert upload().state == "succeeded"


@pytest.mark.parametrize(
    "kind", ["slow", "reset", "500", "html", "half_json", "drop_reply"]
)
def test_upload_after_a_fault_is_taken_once(
    paid: Order, simulator: SimulatorProcess, kind: str
) -> None:
    ship(paid)
    delivery_list()  # So that the fault meets the upload itself.
    simulator.fault("shipping", kind, seconds=20 if kind == "slow" else None)
    with soon_given_up(), pytest.raises(WeChatUnavailable):
        shipping_upload_send(order_id=paid.pk)
    assert upload().state == "pending"
    shipping_upload_send(order_id=paid.pk)
    assert upload().state == "succeeded"
    assert len(uploads(simulator)) == 1


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_token_that_has_ended_is_fetched_anew(
    paid: Order, simulator: SimulatorProcess, errcode: int
) -> None:
    ship(paid)
    delivery_list()
    simulator.expire_tokens(errcode)
    shipping_upload_send(order_id=paid.pk)
    assert upload().state == "succeeded"
    assert len(uploads(simulator)) == 1


def test_each_event_is_told(paid: Order, simulator: SimulatorProcess) -> None:
    ship(paid)
    payment = Payment.objects.get()
    refund = Refund.objects.create(
        refund_no="R1",
        out_refund_no=f"{payment.out_trade_no}R01",
        order=paid,
        payment=payment,
        kind="after_sale",
        state="requested",
        amount="25.50",
    )
    message_enqueue(kind=MessageKind.REFUNDED, order=paid, refund=refund)
    for message in SubscribeMessage.objects.order_by("pk"):
        message_send(message_id=message.pk)
    states = SubscribeMessage.objects.values_list("state", flat=True)
    assert list(states) == ["sent"] * 3
    told = {one["templateId"].split("-")[1]: one for one in messages(simulator)}
    assert set(told) == {"paid", "shipped", "refunded"}
    openid = User.objects.get(pk=paid.user_id).openid
    assert {one["touser"] for one in told.values()} == {openid}
    assert told["paid"]["page"] == f"pages/order/detail?orderNo={paid.order_no}"
    assert told["paid"]["data"]["amount3"] == {"value": "¥348.00"}
    assert told["shipped"]["data"]["thing3"] == {"value": "顺丰速运"}
    assert told["refunded"]["data"]["amount3"] == {"value": "¥25.50"}


def test_shopper_who_refuses_is_not_asked_again(
    paid: Order, simulator: SimulatorProcess
) -> None:
    openid = User.objects.get(pk=paid.user_id).openid or ""
    simulator.accept_messages(openid, accepts=False)
    message = SubscribeMessage.objects.get()
    try:
        message_send(message_id=message.pk)
    finally:
        simulator.accept_messages(openid, accepts=True)
    message_send(message_id=message.pk)
    message.refresh_from_db()
    assert (message.state, message.errcode) == ("refused", 43101)
    assert messages(simulator) == []


def work(simulator: SimulatorProcess) -> None:
    run_worker(WECHAT_API_BASE=simulator.base_url, **MESSAGE_SETTINGS)


def test_worker_tells_wechat_and_comes_again_after_a_fault(
    paid: Order, simulator: SimulatorProcess
) -> None:
    ship(paid)
    simulator.fault("shipping", "reset", times=2)
    work(simulator)
    job = ProcrastinateJob.objects.get(task_name=TASK)
    assert (job.status, job.attempts, upload().state) == ("todo", 1, "pending")
    states = SubscribeMessage.objects.values_list("kind", "state")
    assert dict(states) == {"paid": "sent", "shipped": "sent"}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    work(simulator)
    assert upload().state == "succeeded"
    assert not ProcrastinateJob.objects.filter(task_name=TASK).exists()
    assert len(uploads(simulator)) == 1


def test_upload_of_a_killed_worker_comes_again(
    paid: Order, simulator: SimulatorProcess
) -> None:
    ship(paid)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '10 minutes') RETURNING id"
        )
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s"
            " WHERE task_name = %s",
            [cursor.fetchone()[0], TASK],
        )
    app.tasks["shop.jobs.jobs_rescue"].defer(timestamp=0)
    work(simulator)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    work(simulator)
    assert upload().state == "succeeded"
    assert len(uploads(simulator)) == 1
