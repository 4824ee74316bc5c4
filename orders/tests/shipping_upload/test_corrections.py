"""A parcel that is corrected is told again, as often as WeChat takes it."""

from typing import Any

import pytest

from conftest import alone
from orders.models import Order
from orders.services.fulfilment import shipment_correct
from orders.services.shipping_uploads import shipping_upload_send
from shop.wechat.errors import WeChatUnavailable

from .uploading import CARRIERS, OK, TOKEN, refusal, ship, told, upload, uploads


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
