"""Something is added to a review later: once, in time, to what others see."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from conftest import alone, lock_waiters, wait_until
from orders.errors import ReviewWritten
from orders.locks import review_lock
from orders.models import Order, Review, ReviewAppend
from orders.services.reviews import review_add_to, review_hide
from shop.api.tests.pictures import uploaded

from .reviewing import add_to, published, queued, reviewed

pytestmark = pytest.mark.usefixtures("audited")


def test_something_is_added_once_later(
    shopper_api: APIClient, staff: User, order: Order
) -> None:
    written = reviewed(shopper_api, order)
    response = add_to(shopper_api, written)
    assert (response.status_code, response.json()["message"]) == (
        *(409, "评价公开后才能追评"),
    )
    assert not ReviewAppend.objects.exists()
    lines = order.items.order_by("pk")
    written = published(shopper_api, order, staff, itemId=lines[1].pk)
    url = uploaded(shopper_api)
    response = add_to(shopper_api, written, images=[url])
    data = response.json()["data"]
    assert response.status_code == 201
    assert data["append"].pop("createdAt").endswith("+08:00")
    assert data["append"] == {
        "content": "泡了十次还香",
        "images": [url],
        "status": "checking",
        "statusText": "审核中",
    }
    assert data["actions"] == []
    assert queued()[-1] == {"review_id": written.pk, "is_append": True}
    again = add_to(shopper_api, written, content="又来")
    assert again.json()["data"] == {"error": "review_written"}
    assert ReviewAppend.objects.get().content == "泡了十次还香"


def test_nothing_is_added_late_or_to_what_is_hidden(
    shopper_api: APIClient, staff: User, order: Order, settings: Any
) -> None:
    written = published(shopper_api, order, staff)
    url = f"/api/orders/{order.order_no}/reviews"
    days = timedelta(days=settings.ORDER_REVIEW_APPEND_DAYS)
    for past, offered in ((days - timedelta(minutes=1), ["append"]), (days, [])):
        Review.objects.update(created_at=timezone.now() - past)
        [shown] = shopper_api.get(url).json()["data"]["list"]
        assert shown["actions"] == offered
    assert add_to(shopper_api, written).json()["message"] == "已超过追评期限"
    Review.objects.update(created_at=timezone.now())
    review_hide(review_id=written.pk, operator_id=staff.pk, reason="辱骂")
    [shown] = shopper_api.get(url).json()["data"]["list"]
    assert (shown["status"], shown["statusText"]) == ("hidden", "审核未通过")
    assert shown["actions"] == []
    assert add_to(shopper_api, written).status_code == 409
    assert not ReviewAppend.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue", "patient_database")
def test_of_two_at_once_one_is_added(
    shopper: User, shopper_api: APIClient, staff: User, order: Order
) -> None:
    written = published(shopper_api, order, staff)
    wanted = {"review_id": written.pk, "user_id": shopper.pk, "content": "好"}
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            review_lock(written.pk)
            twins = [pool.submit(alone(review_add_to), **wanted) for _ in range(2)]
            wait_until(lambda: lock_waiters() == 2)
        failed = [twin.exception() for twin in twins]
    assert sorted(type(error) for error in failed if error) == [ReviewWritten]
    assert ReviewAppend.objects.count() == 1
    assert queued()[1:] == [{"review_id": written.pk, "is_append": True}]
