"""Uploaded again: by staff, or because the job was lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from orders.errors import IllegalTransition
from orders.models import Order, ShippingUpload
from orders.services.shipping_uploads import (
    shipping_upload_resend,
    shipping_upload_send,
    shipping_uploads_resume,
)

from .uploading import OK, queued, refusal, ship, told, upload


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
