"""The upload is queued with the shipping that makes it due."""

import pytest
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from orders.models import Order, ShippingUpload
from orders.services.fulfilment import shipment_correct
from shop.retry import BackOff

from .uploading import TASK, ids, queued, ship, upload


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
