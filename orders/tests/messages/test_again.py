"""A message whose job was lost is queued again, once."""

from datetime import timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from orders.models import Order, SubscribeMessage
from orders.services.messages import messages_resume

from .telling import message, queued


@pytest.mark.usefixtures("queue")
def test_message_whose_job_was_lost_is_queued_again_once(paid: Order) -> None:
    ProcrastinateJob.objects.all()._raw_delete("default")
    soon = message().updated_at + timedelta(hours=2)
    assert messages_resume(now=soon - timedelta(seconds=1)) == 0
    assert messages_resume(now=soon) == 1
    assert messages_resume(now=soon) == 0
    assert queued() == [message().pk]


@pytest.mark.parametrize("state", ["sent", "refused", "failed"])
def test_what_has_ended_is_not_queued_again(paid: Order, state: str) -> None:
    SubscribeMessage.objects.update(state=state)
    assert messages_resume(now=timezone.now() + timedelta(days=9)) == 0
