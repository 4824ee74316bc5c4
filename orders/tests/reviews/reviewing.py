"""What the tests of reviews share: writing one, and what WeChat says of it."""

import json
from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order, Review
from orders.services.reviews import review_check, review_publish

TOKEN = b'{"access_token": "t1", "expires_in": 7200}'


def review(api: APIClient, order: Order, **fields: Any) -> Any:
    """Send a review of an order's first line."""
    sent = {
        "itemId": order.items.order_by("pk")[0].pk,
        "rating": 5,
        "content": "茶很香",
        **fields,
    }
    return api.post(f"/api/orders/{order.order_no}/reviews", sent, format="json")


def reviewed(api: APIClient, order: Order, **fields: Any) -> Review:
    """Write a review that must be taken."""
    response = review(api, order, **fields)
    assert response.status_code == 201, response.content
    return Review.objects.get(pk=response.json()["data"]["id"])


def published(api: APIClient, order: Order, operator: Any, **fields: Any) -> Review:
    """Write a review, which staff then publish."""
    written = reviewed(api, order, **fields)
    review_publish(review_id=written.pk, operator_id=operator.pk)
    written.refresh_from_db()
    return written


def add_to(api: APIClient, written: Review, **fields: Any) -> Any:
    """Send something to be added to a review."""
    sent = {"content": "泡了十次还香", **fields}
    return api.post(f"/api/reviews/{written.pk}/append", sent, format="json")


def judged(
    wechat: Any, written: Review, suggest: str = "pass", label: int = 100
) -> Any:
    """Let WeChat judge a review, or what was added to it; return what it was asked."""
    result = {"suggest": suggest, "label": label}
    said = json.dumps({"errcode": 0, "errmsg": "ok", "result": result}).encode()
    return answered(wechat, written, said)


def answered(wechat: Any, written: Review, *answers: Any) -> Any:
    """Check the latest text of a review; return what WeChat was asked, if it was."""
    wechat.sent.clear()
    wechat.answers = list(answers)
    is_append = hasattr(Review.objects.get(pk=written.pk), "append")
    review_check(review_id=written.pk, is_append=is_append)
    asked = [json.loads(body) for body in wechat.sent]
    return next((body for body in asked if "content" in body), None)


def queued() -> list[Any]:
    jobs = ProcrastinateJob.objects.filter(task_name="orders.jobs.review_check")
    return [job.args for job in jobs.order_by("id")]


def rating_of(product: Product) -> tuple[int, int]:
    product.refresh_from_db()
    return product.rating_count, product.rating_sum
