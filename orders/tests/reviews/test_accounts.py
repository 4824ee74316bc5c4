"""A deleted account leaves words that the public knows, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import User
from catalog.locks import products_lock
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.errors import ReviewChanged
from orders.models import Order, Review, ReviewEvent
from orders.services.accounts import account_delete
from orders.services.reviews import review_answer, review_check, review_publish
from orders.tests.conftest import line
from orders.tests.refunding import completed_order
from shop.api.tests.pictures import uploaded

from .reviewing import add_to, published, rating_of, reviewed

pytestmark = pytest.mark.usefixtures("audited")


def test_words_stay_and_the_person_goes(
    shopper_api: APIClient,
    api: APIClient,
    shopper: User,
    staff: User,
    order: Order,
    tea: Product,
    django_capture_on_commit_callbacks: Any,
) -> None:
    url = uploaded(shopper_api)
    written = reviewed(shopper_api, order, images=[url], rating=4)
    done = {"operator_id": staff.pk}
    review_publish(review_id=written.pk, **done, reason="王女士来过电话")
    written.refresh_from_db()
    add_to(shopper_api, written, images=[url])
    unseen = reviewed(shopper_api, order, itemId=order.items.latest("pk").pk)
    review_answer(review_id=unseen.pk, **done, answer="王女士您好")
    [file] = written.images
    with django_capture_on_commit_callbacks(execute=True):
        account_delete(user_id=shopper.pk)

    [shown] = api.get(f"/api/products/{tea.pk}/reviews").json()["data"]["list"]
    assert (shown["content"], shown["rating"]) == ("茶很香", 4)
    assert (shown["nickname"], shown["avatar"]) == ("匿名用户", "")
    assert (shown["images"], shown["append"]) == ([], None)
    assert not default_storage.exists(file)
    assert rating_of(tea) == (1, 4)
    # Their jobs may still come, and find nothing to do.
    review_check(review_id=written.pk, is_append=True)
    review_check(review_id=unseen.pk, is_append=False)
    for text in (written.append, unseen):
        text.refresh_from_db()
        assert (text.state, text.content, text.images) == ("hidden", "", [])
    left = Review.objects.values_list("nickname", "reason", "answer")
    assert set(left) == {("", "", "")}
    operators = ReviewEvent.objects.filter(operator__isnull=False)
    assert set(operators.values_list("reason", flat=True)) == {""}
    with pytest.raises(ReviewChanged, match="买家已注销"):
        review_publish(review_id=unseen.pk, operator_id=staff.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue", "patient_database")
def test_a_deletion_waits_for_who_counts_reviews(
    shopper_api: APIClient, shopper: User, staff: User, order: Order, tea: Product
) -> None:
    published(shopper_api, order, staff, images=[uploaded(shopper_api)], rating=4)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            products_lock([tea.pk])
            gone = pool.submit(alone(account_delete), user_id=shopper.pk)
            wait_until(lambda: lock_waiters() == 1)
        gone.result()
    assert rating_of(tea) == (1, 4)


def test_the_export_has_them(
    shopper_api: APIClient, other_api: APIClient, staff: User, tea: Product
) -> None:
    written = [
        published(api, completed_order(api, line(tea)), staff, content=text)
        for api, text in ((shopper_api, "好"), (other_api, "一般"))
    ]
    add_to(shopper_api, written[0])
    [review] = shopper_api.get("/api/auth/user/export").json()["data"]["reviews"]
    assert (review["id"], review["content"]) == (written[0].pk, "好")
    assert (review["nickname"], review["status"]) == ("shopper", "public")
    assert review["append"]["content"] == "泡了十次还香"
    assert [(event["from"], event["to"]) for event in review["events"]] == [
        ("", "checking"),
        ("checking", "public"),
        ("", "checking"),
    ]
