"""The desk of reviews: what waits first, and what staff do about it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.locks import review_lock
from orders.models import Order, Review, ReviewAppend, ReviewState
from orders.services.reviews import review_hide
from orders.services.reviews.states import review_move
from orders.tests.conftest import ORDERS, clerk, line, page
from orders.tests.refunding import completed_order
from shop.api.tests.pictures import uploaded

from .reviewing import add_to, published, rating_of, reviewed

pytestmark = pytest.mark.usefixtures("audited")

LIST = "/admin/orders/review/"


def listed(client: Client, **query: Any) -> list[int]:
    shown = client.get(LIST, query).context["cl"].result_list
    return [review.pk for review in shown]


def deed(client: Client, review: Review, name: str, **sent: str) -> str:
    """Send an action's page; return what staff are told of it."""
    url = f"{LIST}{review.pk}/{name}/"
    answer = client.post(url, sent, follow=True)
    assert answer.status_code == 200
    if "form" in answer.context and answer.context["form"].errors:
        errors: str = answer.context["form"].errors.as_text()
        return errors
    return "".join(str(message) for message in answer.context["messages"])


def test_the_list_opens_with_what_waits_and_is_narrowed(
    shopper_api: APIClient, desk: Client, staff: User, tea: Product, cup: Product
) -> None:
    orders = [completed_order(shopper_api, line(tea)) for _ in range(4)]
    waiting, bad, answered, hidden = (
        published(shopper_api, order, staff, rating=rating)
        for order, rating in zip(orders, (5, 2, 4, 1), strict=True)
    )
    Review.objects.filter(pk=waiting.pk).update(state="waiting")
    Review.objects.filter(pk=answered.pk).update(answer="谢谢")
    review_hide(review_id=hidden.pk, operator_id=staff.pk, reason="辱骂")
    add_to(shopper_api, bad)
    assert listed(desk) == [waiting.pk]
    ReviewAppend.objects.update(state="waiting")
    assert listed(desk) == [bad.pk, waiting.pk]
    everything = [hidden.pk, answered.pk, bad.pk, waiting.pk]
    for query, found in (
        ({"state": "all"}, everything),
        ({"state": "unanswered"}, [bad.pk]),
        ({"state": "hidden"}, [hidden.pk]),
        ({"state": "all", "rating": "low"}, [hidden.pk, bad.pk]),
        ({"state": "all", "rating": "4"}, [answered.pk]),
        ({"state": "all", "rating": "x"}, everything),
        ({"state": "all", "product": str(tea.pk)}, everything),
        ({"state": "all", "product": str(cup.pk)}, []),
        ({"state": "all", "product": "茶"}, []),
        ({"q": orders[0].order_no}, [waiting.pk]),
    ):
        assert listed(desk, **query) == found, query
    Review.objects.filter(pk=waiting.pk).update(state="public")


def test_staff_publish_hide_and_answer(
    shopper_api: APIClient, desk: Client, staff: User, order: Order, tea: Product
) -> None:
    written = reviewed(shopper_api, order, images=[uploaded(shopper_api)], rating=4)
    text = page(desk, f"{LIST}{written.pk}/change/")
    for shown in ("茶很香", "★★★★☆", "微信检测中", "买家写了评价", order.order_no):
        assert shown in text
    assert deed(desk, written, "publish") == "已公开评价"
    assert f"{LIST}{written.pk}/change/" in page(desk, f"{ORDERS}{order.pk}/change/")
    shelf = page(desk, "/admin/catalog/product/")
    assert f"{LIST}?state=all&amp;product={tea.pk}" in shelf
    assert "4.0(1)</a>" in shelf
    assert deed(desk, written, "publish") == "评价已公开,不能这样做"
    assert rating_of(tea) == (1, 4)
    assert deed(desk, written, "answer", answer="<b>谢谢</b>", seen="") == "已回复"
    assert "评价已变化" in deed(desk, written, "answer", answer="不谢", seen="")
    assert "原因不能为空" in deed(desk, written, "hide", reason=" ")
    assert deed(desk, written, "hide", reason="辱骂") == "已隐藏评价"
    written.refresh_from_db()
    assert (written.state, written.answer) == ("hidden", "谢谢")
    assert rating_of(tea) == (0, 0)
    assert deed(desk, written, "publish", reason="误判") == "已公开评价"
    add_to(shopper_api, written)
    assert deed(desk, written, "publish_append") == "已公开追评"
    assert deed(desk, written, "hide_append", reason="广告") == "已隐藏追评"
    assert ReviewAppend.objects.get().state == "hidden"
    # What staff wrote stands in the review, and goes with its writer.
    told = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert told == [
        *("已公开评价", "已回复", "已隐藏评价", "已公开评价"),
        *("已公开追评", "已隐藏追评"),
    ]
    assert set(LogEntry.objects.values_list("user", flat=True)) == {staff.pk}


def test_what_waits_is_published_many_at_once(
    shopper_api: APIClient, desk: Client, staff: User, tea: Product
) -> None:
    orders = [completed_order(shopper_api, line(tea)) for _ in range(3)]
    first, second = (reviewed(shopper_api, order) for order in orders[:2])
    third = published(shopper_api, orders[2], staff)
    Review.objects.exclude(pk=third.pk).update(state="waiting")
    add_to(shopper_api, third)
    ReviewAppend.objects.update(state="waiting")
    # All pages are chosen, of which nobody has looked at the others.
    chosen = {
        "_selected_action": [first.pk, third.pk],
        "action": "publish_chosen",
        "select_across": "1",
    }
    answer = desk.post(LIST, chosen, follow=True)
    assert "已公开2条" in answer.content.decode()
    assert listed(desk) == [second.pk]
    assert rating_of(tea) == (2, 10)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue", "patient_database")
def test_what_a_colleague_hides_meanwhile_is_not_published(
    shopper_api: APIClient, desk: Client, staff: User, order: Order, tea: Product
) -> None:
    written = reviewed(shopper_api, order)
    Review.objects.update(state="waiting")
    chosen = {"_selected_action": [written.pk], "action": "publish_chosen"}
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            review = review_lock(written.pk)
            sent = pool.submit(alone(desk.post), LIST, chosen, follow=True)
            wait_until(lambda: lock_waiters() == 1)
            to, reason = ReviewState.HIDDEN, "辱骂"
            review_move(review, to=to, operator_id=staff.pk, reason=reason)
        assert "已公开0条" in sent.result().content.decode()
    written.refresh_from_db()
    assert (written.state, written.reason) == ("hidden", "辱骂")
    assert rating_of(tea) == (0, 0)


def test_each_deed_asks_for_its_own_right(
    shopper_api: APIClient, client: Client, staff: User, order: Order
) -> None:
    written = published(shopper_api, order, staff)
    reader = clerk(client, "view_review", "answer_review")
    for name in ("publish", "hide", "publish_append", "hide_append"):
        assert reader.get(f"{LIST}{written.pk}/{name}/").status_code == 403
    assert reader.get(f"{LIST}{written.pk}/answer/").status_code == 200
    assert "publish_chosen" not in page(reader, f"{LIST}?state=all")
