"""The shipping upload: queued with the shipping, and what each answer makes of it."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

import shop.wechat.tests.conftest as scripted
from accounts.models import User
from catalog.models import Product
from conftest import alone
from orders.errors import IllegalTransition
from orders.models import Order, Payment, Refund, ShippingUpload
from orders.services.accounts import account_delete
from orders.services.fulfilment import order_confirm, order_ship, shipment_correct
from orders.services.shipping_uploads import (
    parcels_of,
    shipping_upload_resend,
    shipping_upload_send,
    shipping_uploads_resume,
)
from orders.tests.conftest import line, paid_order
from shop.retry import BackOff
from shop.wechat.errors import WeChatUnavailable
from shop.wechat.shipping import Parcel

wechat = scripted.wechat
TASK = "orders.jobs.shipping_upload_send"
TOKEN = b'{"access_token": "t1", "expires_in": 7200}'
OK = b'{"errcode": 0, "errmsg": "ok"}'
CODES = ("SF", "ZTO", "YTO", "STO", "YD", "JTSD", "EMS", "YZPY", "JD", "DBL")
CARRIERS = json.dumps(
    {"errcode": 0, "delivery_list": [{"delivery_id": code} for code in CODES]}
).encode()


def refusal(errcode: int) -> bytes:
    return json.dumps({"errcode": errcode, "errmsg": "no"}).encode()


@pytest.fixture
def paid(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """A paid order of 3 packets of tea and 2 cups."""
    return paid_order(shopper_api, line(tea, 3), line(cup, 2))


def ship(
    order: Order,
    number: str = "SF1234567890",
    carrier: str = "SF",
    quantities: dict[int, int] | None = None,
) -> Any:
    return order_ship(
        order_id=order.pk,
        carrier=carrier,
        tracking_no=number,
        operator_id=None,
        quantities=quantities,
    )


def ids(order: Order) -> list[int]:
    return list(order.items.values_list("pk", flat=True))


def queued() -> list[Any]:
    jobs = ProcrastinateJob.objects.filter(task_name=TASK).order_by("id")
    return [(job.args, job.status) for job in jobs]


def told(wechat: Any, *answers: bytes) -> None:
    """Script the token, the list of carriers, then the answers to uploads."""
    wechat.answers = [TOKEN, CARRIERS, *answers]


def uploads(wechat: Any) -> list[Any]:
    """Return the bodies of the uploads that were sent."""
    return [
        json.loads(body)
        for path, body in zip(wechat.asked, wechat.sent, strict=True)
        if path.startswith("/wxa/sec/order/upload_shipping_info?")
    ]


def upload() -> ShippingUpload:
    return ShippingUpload.objects.get()


# --- queued with what makes it due --------------------------------------------------


@pytest.mark.usefixtures("queue")
def test_last_parcel_queues_the_upload(paid: Order) -> None:
    tea, cup = ids(paid)
    ship(paid, "SF1", quantities={tea: 3})
    assert (queued(), ShippingUpload.objects.count()) == ([], 0)
    ship(paid, "SF2", quantities={cup: 2})
    assert queued() == [({"order_id": paid.pk}, "todo")]
    row = upload()
    assert (row.order_id, row.state, row.tries) == (paid.pk, "pending", 0)


@pytest.mark.usefixtures("queue")
def test_shipping_that_is_rolled_back_queues_nothing(paid: Order) -> None:
    def act() -> None:
        with transaction.atomic():
            ship(paid)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        act()
    assert (queued(), ShippingUpload.objects.count()) == ([], 0)
    assert Order.objects.get().status == "paid"


@pytest.mark.usefixtures("queue")
def test_correction_is_uploaded_once_the_order_has_left(paid: Order) -> None:
    tea, _ = ids(paid)
    first = ship(paid, "SF1", quantities={tea: 3})
    shipment_correct(shipment_id=first.pk, carrier="SF", tracking_no="SF9")
    assert queued() == []
    ship(paid, "SF2")
    ShippingUpload.objects.update(
        state="failed", requested_at=timezone.now(), tries=4, errcode=1, error="x"
    )
    shipment_correct(shipment_id=first.pk, carrier="YD", tracking_no="YD9")
    assert queued() == [({"order_id": paid.pk}, "todo")] * 2
    row = upload()
    assert (row.state, row.requested_at, row.tries) == ("pending", None, 0)
    assert (row.errcode, row.error) == (None, "")


def test_job_is_tried_until_wechat_has_answered() -> None:
    assert app.tasks[TASK].retry_strategy == BackOff()


# --- what is sent -------------------------------------------------------------------


def test_one_parcel(wechat: Any, paid: Order) -> None:
    ship(paid)
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    [body] = uploads(wechat)
    payment = Payment.objects.get()
    assert body["order_key"] == {
        "order_number_type": 2,
        "transaction_id": payment.transaction_id,
    }
    assert body["payer"] == {"openid": "openid-shopper"}
    assert (body["logistics_type"], body["delivery_mode"]) == (1, 1)
    assert body["shipping_list"] == [
        {
            "item_desc": "龙井茶*3、茶杯*2",
            "express_company": "SF",
            "tracking_no": "SF1234567890",
            "contact": {"receiver_contact": "138****8000"},
        }
    ]
    row = upload()
    assert (row.state, row.tries, row.error) == ("succeeded", 1, "")
    assert row.parcels == [
        {
            "item_desc": "龙井茶*3、茶杯*2",
            "express_company": "SF",
            "tracking_no": "SF1234567890",
        }
    ]
    assert row.succeeded_at is not None


def test_parcels_of_days_are_told_at_once(wechat: Any, paid: Order) -> None:
    tea, cup = ids(paid)
    ship(paid, "SF1", quantities={tea: 2})
    ship(paid, "Z1", "ZTO", quantities={tea: 1, cup: 1})
    ship(paid, "YD1", "YD")
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    [body] = uploads(wechat)
    assert (body["delivery_mode"], body["is_all_delivered"]) == (2, True)
    assert [
        (one["express_company"], one["tracking_no"], one["item_desc"])
        for one in body["shipping_list"]
    ] == [
        ("SF", "SF1", "龙井茶*2"),
        ("ZTO", "Z1", "龙井茶*1、茶杯*1"),
        ("YD", "YD1", "茶杯*1"),
    ]


def test_what_has_no_code_is_told_with_the_last_that_has(paid: Order) -> None:
    tea, cup = ids(paid)
    ship(paid, "X1", "OTHER", quantities={tea: 2})
    ship(paid, "Z1", "ZTO", quantities={tea: 1})
    ship(paid, "X2", "OTHER", quantities={cup: 2})
    assert parcels_of(paid, CODES) == [
        Parcel("龙井茶*1、龙井茶*2、茶杯*2", "ZTO", "Z1")
    ]


@pytest.mark.parametrize("known", [CODES, None])
def test_carrier_that_wechat_does_not_know(paid: Order, known: Any) -> None:
    ship(paid, "X1", "OTHER")
    assert parcels_of(paid, known) == [Parcel("龙井茶*3、茶杯*2")]


def test_carriers_own_code_when_wechat_gives_it_one(paid: Order) -> None:
    ship(paid, "X1", "OTHER")
    assert parcels_of(paid, [*CODES, "OTHER"]) == [
        Parcel("龙井茶*3、茶杯*2", "OTHER", "X1")
    ]


def test_more_parcels_than_wechat_lists(
    shopper_api: APIClient, product_make: Any
) -> None:
    order = paid_order(shopper_api, line(product_make("茶", stock=17), 17))
    [tea] = ids(order)
    for number in range(17):
        ship(order, f"SF{number}", quantities={tea: 1})
    parcels = parcels_of(order, CODES)
    assert [parcel.tracking_no for parcel in parcels] == [
        f"SF{number}" for number in range(15)
    ]
    assert parcels[-1].item_desc == "茶*1、茶*1、茶*1"


def test_description_is_cut(shopper_api: APIClient, product_make: Any) -> None:
    lines = [line(product_make(f"{'长' * 60}{number}")) for number in range(3)]
    order = paid_order(shopper_api, *lines)
    ship(order)
    [parcel] = parcels_of(order, CODES)
    assert len(parcel.item_desc) == 120


def test_without_the_list_of_carriers_our_codes_are_sent(
    wechat: Any, paid: Order
) -> None:
    ship(paid)
    wechat.answers = [TOKEN, refusal(-1), OK]
    shipping_upload_send(order_id=paid.pk)
    assert uploads(wechat)[0]["shipping_list"][0]["express_company"] == "SF"
    assert upload().state == "succeeded"


def test_payer_is_whom_the_facts_name(wechat: Any, paid: Order) -> None:
    Payment.objects.update(facts={"payer": {"openid": "openid-payer"}})
    ship(paid)
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    assert uploads(wechat)[0]["payer"] == {"openid": "openid-payer"}


def test_payer_whom_the_facts_do_not_name(
    wechat: Any, paid: Order, shopper: User
) -> None:
    Payment.objects.update(facts={"trade_state": "SUCCESS"})
    ship(paid)
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    assert uploads(wechat)[0]["payer"] == {"openid": shopper.openid}


# --- what each answer makes of it ---------------------------------------------------


@pytest.mark.parametrize("answer", [b"", b"<html>", refusal(-1), refusal(45009)])
def test_what_is_no_answer_is_tried_again_under_the_same_time(
    wechat: Any, paid: Order, answer: bytes
) -> None:
    ship(paid)
    told(wechat, answer, OK)
    with pytest.raises(WeChatUnavailable):
        shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.tries) == ("pending", 1)
    assert row.error == "微信服务暂时不可用,请稍后再试"
    shipping_upload_send(order_id=paid.pk)
    first, second = uploads(wechat)
    assert first == second
    row = upload()
    assert (row.state, row.tries, row.error) == ("succeeded", 2, "")


def test_answer_that_was_lost_is_no_change(wechat: Any, paid: Order) -> None:
    ship(paid)
    told(wechat, b"{", refusal(10060023))
    with pytest.raises(WeChatUnavailable):
        shipping_upload_send(order_id=paid.pk)
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.errcode) == ("succeeded", None)
    assert row.parcels is not None


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (10060004, "支付单处于不可发货的状态"),
        (10060031, "支付单不属于这个买家"),
        (48001, "小程序没有开通发货信息管理"),
        (268485216, "微信拒绝,错误码268485216"),
    ],
)
def test_refusal_is_for_staff(
    wechat: Any, paid: Order, caplog: Any, errcode: int, error: str
) -> None:
    ship(paid)
    told(wechat, refusal(errcode))
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.errcode, row.error) == ("failed", errcode, error)
    assert row.parcels is None
    assert [one.levelname for one in caplog.records if "refused" in one.message] == [
        "ERROR"
    ]
    # A job that comes again asks nothing.
    shipping_upload_send(order_id=paid.pk)
    assert len(uploads(wechat)) == 1


def test_payment_that_wechat_does_not_know_yet(wechat: Any, paid: Order) -> None:
    ship(paid)
    told(wechat, refusal(10060001), refusal(10060001))
    with pytest.raises(WeChatUnavailable):
        shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.errcode, row.error) == (
        *("pending", 10060001),
        "微信没有这笔支付单",
    )
    Payment.objects.update(paid_at=timezone.now() - timedelta(hours=1))
    shipping_upload_send(order_id=paid.pk)
    assert (upload().state, upload().errcode) == ("failed", 10060001)


@pytest.mark.parametrize("errcode", [10060002, 10060003])
def test_what_was_entered_by_hand_counts(
    wechat: Any, paid: Order, errcode: int
) -> None:
    ship(paid)
    told(wechat, refusal(errcode))
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.errcode, row.parcels) == ("succeeded", errcode, None)
    assert row.error == "微信已有发货信息,以微信后台为准"


def test_correction_is_sent_later_than_what_it_corrects(
    wechat: Any, paid: Order
) -> None:
    parcel = ship(paid)
    told(wechat, OK, OK)
    shipping_upload_send(order_id=paid.pk)
    shipment_correct(shipment_id=parcel.pk, carrier="YD", tracking_no="YD9")
    shipping_upload_send(order_id=paid.pk)
    first, second = uploads(wechat)
    assert first["upload_time"] < second["upload_time"]
    assert second["shipping_list"][0]["tracking_no"] == "YD9"
    assert upload().parcels[0]["tracking_no"] == "YD9"


def test_correction_that_changes_nothing_is_not_sent(wechat: Any, paid: Order) -> None:
    parcel = ship(paid)
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    shipment_correct(
        shipment_id=parcel.pk, carrier="SF", tracking_no=parcel.tracking_no
    )
    assert upload().state == "pending"
    shipping_upload_send(order_id=paid.pk)
    assert upload().state == "succeeded"
    assert len(uploads(wechat)) == 1


def test_correction_back_after_a_lost_answer_is_sent(wechat: Any, paid: Order) -> None:
    """WeChat may have taken what is no longer so."""
    parcel = ship(paid)
    told(wechat, OK, b"{", OK)
    shipping_upload_send(order_id=paid.pk)
    shipment_correct(shipment_id=parcel.pk, carrier="YD", tracking_no="YD9")
    with pytest.raises(WeChatUnavailable):
        shipping_upload_send(order_id=paid.pk)
    assert upload().parcels is None
    shipment_correct(shipment_id=parcel.pk, carrier="SF", tracking_no="SF1234567890")
    shipping_upload_send(order_id=paid.pk)
    assert [body["shipping_list"][0]["tracking_no"] for body in uploads(wechat)] == [
        *("SF1234567890", "YD9", "SF1234567890")
    ]
    assert upload().state == "succeeded"


@pytest.mark.parametrize("errcode", [10060002, 10060003])
def test_correction_that_wechat_takes_no_more_is_for_staff(
    wechat: Any, paid: Order, errcode: int
) -> None:
    parcel = ship(paid)
    told(wechat, OK, refusal(errcode))
    shipping_upload_send(order_id=paid.pk)
    shipment_correct(shipment_id=parcel.pk, carrier="YD", tracking_no="YD9")
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.errcode) == ("failed", errcode)
    assert row.parcels[0]["tracking_no"] == "SF1234567890"


@pytest.mark.usefixtures("transactional_db")
def test_correction_during_the_call_is_sent_too(wechat: Any, paid: Order) -> None:
    """The answer to what it replaces says nothing of it."""
    parcel = ship(paid)

    class Answers(list[bytes]):
        def pop(self, index: Any = -1) -> bytes:
            if len(self) == 2:
                alone(shipment_correct)(
                    shipment_id=parcel.pk, carrier="YD", tracking_no="YD9"
                )
            return super().pop(index)

    wechat.answers = Answers([TOKEN, CARRIERS, OK, OK])
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.parcels, row.succeeded_at) == ("pending", None, None)
    shipping_upload_send(order_id=paid.pk)
    assert upload().state == "succeeded"
    assert [body["shipping_list"][0]["tracking_no"] for body in uploads(wechat)] == [
        "SF1234567890",
        "YD9",
    ]


# --- what needs no upload, and what cannot have one ---------------------------------


def refunded(order: Order, amount: Decimal, state: str = "succeeded") -> None:
    Refund.objects.create(
        refund_no="R1",
        out_refund_no="R1R01",
        order=order,
        payment=Payment.objects.get(order=order),
        kind="after_sale",
        state=state,
        amount=amount,
        accepted_at=timezone.now(),
    )


def test_refunded_order_is_not_uploaded(wechat: Any, paid: Order) -> None:
    ship(paid)
    refunded(paid, paid.total_amount)
    told(wechat)
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.error) == ("dropped", "订单已取消或已全额退款")
    assert uploads(wechat) == []


@pytest.mark.parametrize(
    ("share", "state"), [("0.01", "succeeded"), ("348.00", "requested")]
)
def test_order_that_keeps_its_money_is_uploaded(
    wechat: Any, paid: Order, share: str, state: str
) -> None:
    assert paid.total_amount == Decimal("348.00")
    ship(paid)
    refunded(paid, Decimal(share), state)
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    assert upload().state == "succeeded"


@pytest.mark.usefixtures("transactional_db")
def test_order_of_an_erased_shopper_is_for_staff(
    wechat: Any, paid: Order, shopper: User
) -> None:
    ship(paid)
    order_confirm(order_no=paid.order_no, user_id=shopper.pk)
    account_delete(user_id=shopper.pk)
    told(wechat)
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert row.state == "failed"
    assert row.error == "买家已注销,请在微信小程序后台录入发货信息"
    assert uploads(wechat) == []


# --- again --------------------------------------------------------------------------


@pytest.mark.usefixtures("queue")
def test_staff_upload_again_what_failed(wechat: Any, paid: Order) -> None:
    ship(paid)
    told(wechat, refusal(48001), OK)
    shipping_upload_send(order_id=paid.pk)
    shipping_upload_resend(order_id=paid.pk)
    assert queued() == [({"order_id": paid.pk}, "todo")] * 2
    shipping_upload_send(order_id=paid.pk)
    assert (upload().state, upload().tries) == ("succeeded", 1)
    with pytest.raises(IllegalTransition, match="发货信息已上报,不用再处理"):
        shipping_upload_resend(order_id=paid.pk)
    assert len(queued()) == 2


@pytest.mark.usefixtures("queue")
def test_upload_whose_job_was_lost_is_queued_again_once(paid: Order) -> None:
    ship(paid)
    ProcrastinateJob.objects.all()._raw_delete("default")
    soon = upload().updated_at + timedelta(hours=2)
    assert shipping_uploads_resume(now=soon - timedelta(seconds=1)) == 0
    assert shipping_uploads_resume(now=soon) == 1
    assert shipping_uploads_resume(now=soon) == 0
    assert queued() == [({"order_id": paid.pk}, "todo")]


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("state", ["succeeded", "failed", "dropped"])
def test_what_has_ended_is_not_queued_again(paid: Order, state: str) -> None:
    ship(paid)
    ProcrastinateJob.objects.all()._raw_delete("default")
    ShippingUpload.objects.update(state=state)
    assert shipping_uploads_resume(now=timezone.now() + timedelta(days=9)) == 0
    assert queued() == []
