"""Staff publish, hide and answer; the product's rating follows to the review."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import PATIENCE_SECONDS, alone, lock_waiters, wait_until
from orders.errors import ReviewChanged
from orders.locks import review_lock
from orders.models import Order, Review, ReviewEvent, ReviewState, ReviewTally
from orders.services.audit import orders_audit
from orders.services.reviews import review_answer, review_hide, review_publish
from orders.tests.conftest import deadlocks, line
from orders.tests.refunding import completed_order
from shop.api.tests.pictures import uploaded

from .reviewing import published, rating_of, reviewed


def tallies() -> list[tuple[Any, ...]]:
    rows = ReviewTally.objects.order_by("rating", "has_images")
    return list(rows.values_list("rating", "has_images", "count", "changes"))


@pytest.mark.usefixtures("audited")
def test_the_rating_follows_what_the_public_sees(
    shopper_api: APIClient, order: Order, staff: User, tea: Product, cup: Product
) -> None:
    first, second = order.items.order_by("pk")
    url = uploaded(shopper_api)
    one = published(shopper_api, order, staff, itemId=first.pk, rating=4, images=[url])
    two = published(shopper_api, order, staff, itemId=second.pk, rating=1)
    assert (rating_of(tea), rating_of(cup)) == ((1, 4), (1, 1))
    assert tallies() == [(1, False, 1, 1), (4, True, 1, 1)]
    for reason in ("辱骂", "刷单"):
        review_hide(review_id=one.pk, operator_id=staff.pk, reason=reason)
        assert rating_of(tea) == (0, 0)
        if reason == "辱骂":
            review_publish(review_id=one.pk, operator_id=staff.pk, reason="误判")
    assert tallies() == [(1, False, 1, 1), (4, True, 0, 4)]
    assert (rating_of(tea), rating_of(cup)) == ((0, 0), (1, 1))
    events = ReviewEvent.objects.filter(review=one, operator=staff)
    assert list(events.values_list("from_state", "to_state", "reason")) == [
        ("checking", "public", ""),
        ("public", "hidden", "辱骂"),
        ("hidden", "public", "误判"),
        ("public", "hidden", "刷单"),
    ]
    one.refresh_from_db()
    assert (one.reason, two.reason) == ("刷单", "")


@pytest.mark.usefixtures("audited")
def test_what_stands_there_already_is_refused(
    shopper_api: APIClient, order: Order, staff: User, tea: Product
) -> None:
    written = published(shopper_api, order, staff)
    told = {"review_id": written.pk, "operator_id": staff.pk}
    with pytest.raises(ReviewChanged):
        review_publish(**told)
    review_hide(**told, reason="广告")
    with pytest.raises(ReviewChanged):
        review_hide(**told, reason="再一次")
    assert (rating_of(tea), ReviewEvent.objects.count()) == ((0, 0), 3)


@pytest.mark.usefixtures("audited")
def test_an_answer_replaces_the_one_that_was_seen(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    written = reviewed(shopper_api, order)
    told = {"review_id": written.pk, "operator_id": staff.pk}
    review_answer(**told, answer="谢谢")
    with pytest.raises(ReviewChanged):
        review_answer(**told, answer="不谢")
    review_answer(**told, answer="谢谢您", seen="谢谢")
    written.refresh_from_db()
    assert (written.answer, written.answered_by) == ("谢谢您", staff)
    url = f"/api/orders/{order.order_no}/reviews"
    [shown] = shopper_api.get(url).json()["data"]["list"]
    assert shown["answer"] == "谢谢您"
    assert shown["answeredAt"].endswith("+08:00")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue", "patient_database")
def test_of_two_answers_at_once_one_is_given(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    told = {"review_id": reviewed(shopper_api, order).pk, "operator_id": staff.pk}
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            review_lock(told["review_id"])
            twins = [
                pool.submit(alone(review_answer), **told, answer=answer)
                for answer in ("谢谢", "不谢")
            ]
            wait_until(lambda: lock_waiters() == 2)
        failed = [type(error) for twin in twins if (error := twin.exception())]
    assert failed == [ReviewChanged]
    assert Review.objects.get().answer in ("谢谢", "不谢")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue", "patient_database")
def test_many_at_once_rate_two_products_exactly(
    shopper_api: APIClient, staff: User, tea: Product, cup: Product
) -> None:
    """Each review is published by two at the same moment: one of them does it."""
    orders = [completed_order(shopper_api, line(tea), line(cup)) for _ in range(4)]
    ids = [
        reviewed(shopper_api, order, itemId=item.pk, rating=number + 1).pk
        for number, order in enumerate(orders)
        for item in order.items.order_by("-pk" if number % 2 else "pk")
    ]
    before, together = deadlocks(), threading.Barrier(2 * len(ids))

    def publish(pk: int) -> bool:
        together.wait(PATIENCE_SECONDS)
        try:
            review_publish(review_id=pk, operator_id=staff.pk)
        except ReviewChanged:
            return False
        return True

    with ThreadPoolExecutor(2 * len(ids)) as pool:
        done = list(pool.map(alone(publish), 2 * ids))
    assert sum(done) == len(ids)
    assert (rating_of(tea), rating_of(cup)) == ((4, 10), (4, 10))
    assert orders_audit() == []
    assert deadlocks() == before


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE catalog_product SET rating_sum = rating_sum + 1", {"rating"}),
        ("UPDATE catalog_product SET rating_count = 0", {"rating"}),
        ("UPDATE orders_reviewtally SET has_images = true", {"review_tally"}),
        ("UPDATE orders_reviewtally SET count = 2", {"review_tally"}),
        ("UPDATE orders_review SET rating = 1", {"rating", "review_tally"}),
        ("UPDATE orders_orderitem SET is_reviewed = false", {"reviewed"}),
        ("UPDATE orders_orderitem SET is_reviewed = true", {"reviewed"}),
    ],
)
def test_the_audit_finds_each_breach(
    shopper_api: APIClient,
    order: Order,
    staff: User,
    statement: str,
    found: set[str],
) -> None:
    published(shopper_api, order, staff)
    assert orders_audit() == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert {finding.check for finding in orders_audit()} == found


def test_the_database_refuses_what_no_review_is(
    shopper_api: APIClient, order: Order
) -> None:
    written = reviewed(shopper_api, order)
    for changes in ({"rating": 0}, {"rating": 6}, {"state": "lost"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.filter(pk=written.pk).update(**changes)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(
            order_item=written.order_item, product=written.product, rating=5
        )
    assert Review.objects.get().state == ReviewState.CHECKING
