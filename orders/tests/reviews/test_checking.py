"""WeChat looks at a text before anybody else; what it says decides."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone
from orders.jobs import reports_resume
from orders.models import Order, Review, ReviewAppend, ReviewEvent
from orders.services.reviews import (
    review_check,
    review_hide,
    review_publish,
    reviews_resume,
)
from orders.tests.conftest import line, paid_order, work
from orders.tests.refunding import ship
from shop.api.tests.pictures import uploaded
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat.errors import WeChatUnavailable

from .reviewing import (
    TOKEN,
    add_to,
    answered,
    judged,
    published,
    queued,
    rating_of,
    reviewed,
)

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def written(shopper_api: APIClient, order: Order, wechat: Any) -> Review:
    """A review whose check has fetched its token already."""
    review = reviewed(shopper_api, order, rating=4)
    with pytest.raises(WeChatUnavailable):
        answered(wechat, review, TOKEN, (500, {}, b""))
    return review


def state_of(written: Review) -> tuple[str, str]:
    written.refresh_from_db()
    return written.state, written.reason


def test_what_passes_is_public_and_counts_once(
    written: Review, wechat: Any, shopper: User, tea: Product
) -> None:
    assert (state_of(written)[0], rating_of(tea)) == ("checking", (0, 0))
    assert judged(wechat, written) == {
        "version": 2,
        "scene": 2,
        "openid": shopper.openid,
        "content": "茶很香",
        "nickname": "shopper",
    }
    assert (state_of(written), rating_of(tea)) == (("public", ""), (1, 4))
    # The job again, as after an answer that was lost.
    assert judged(wechat, written, "risky") is None
    assert (state_of(written)[0], rating_of(tea)) == ("public", (1, 4))
    events = ReviewEvent.objects.values_list("from_state", "to_state", "operator")
    assert list(events) == [
        ("", "checking", shopper.pk),
        ("checking", "public", None),
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("risky", 20003), ("hidden", "微信检测不通过:辱骂")),
        (("review", 10001), ("waiting", "微信建议人工审核:广告")),
    ],
)
def test_what_does_not_pass_is_seen_by_nobody(
    written: Review, wechat: Any, tea: Product, said: Any, told: tuple[str, str]
) -> None:
    judged(wechat, written, *said)
    assert (state_of(written), rating_of(tea)) == (told, (0, 0))


@pytest.mark.parametrize(
    ("errcode", "state", "reason"),
    [
        (61010, "waiting", "买家两小时内未访问小程序,微信不能检测"),
        (40003, "waiting", "微信拒绝检测,错误码40003"),
        (48001, "waiting", "微信拒绝检测,错误码48001"),
        (87014, "hidden", "微信检测不通过"),
    ],
)
def test_what_wechat_does_not_judge_waits_for_staff(
    written: Review, wechat: Any, errcode: int, state: str, reason: str
) -> None:
    answered(wechat, written, json.dumps({"errcode": errcode}).encode())
    assert state_of(written) == (state, reason)


@pytest.mark.parametrize(
    "said",
    [(500, {}, b""), b"<html>", b'{"errcode": -1}', b'{"errcode": 45009}', b"{}"],
)
def test_while_wechat_is_away_it_stays_unseen_and_is_tried_again(
    written: Review, wechat: Any, said: Any, tea: Product
) -> None:
    before = written.updated_at
    with pytest.raises(Exception, match="微信服务"):
        answered(wechat, written, said)
    assert (state_of(written)[0], rating_of(tea)) == ("checking", (0, 0))
    # The trace of the try.
    assert written.updated_at > before
    judged(wechat, written)
    assert state_of(written)[0] == "public"


def test_what_wechat_leaves_open_for_a_day_waits_for_staff(
    written: Review, wechat: Any
) -> None:
    Review.objects.update(created_at=timezone.now() - timedelta(days=1))
    answered(wechat, written, (500, {}, b""))
    assert state_of(written) == ("waiting", "微信一天内未能检测")


def test_staff_look_at_pictures(
    shopper_api: APIClient, order: Order, written: Review, wechat: Any
) -> None:
    second = order.items.order_by("pk")[1]
    shown = reviewed(
        shopper_api, order, itemId=second.pk, images=[uploaded(shopper_api)]
    )
    judged(wechat, shown)
    assert state_of(shown) == ("waiting", "文字已通过,图片待人工查看")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue")
def test_what_staff_decide_meanwhile_stands(
    written: Review, wechat: Any, staff: User, tea: Product
) -> None:
    hide = {"review_id": written.pk, "operator_id": staff.pk, "reason": "刷单"}
    # In WeChat's own thread, while the check waits for it.
    wechat.before_answer = lambda: alone(review_hide)(**hide)
    judged(wechat, written)
    assert (state_of(written), rating_of(tea)) == (("hidden", "刷单"), (0, 0))


def test_what_is_added_is_checked_for_itself(
    shopper_api: APIClient, staff: User, order: Order, wechat: Any, tea: Product
) -> None:
    written = published(shopper_api, order, staff)
    add_to(shopper_api, written)
    with pytest.raises(WeChatUnavailable):
        answered(wechat, written, TOKEN, (500, {}, b""))
    assert judged(wechat, written, "risky", 20012)["content"] == "泡了十次还香"
    append = ReviewAppend.objects.get()
    assert (append.state, append.reason) == ("hidden", "微信检测不通过:低俗")
    assert (state_of(written)[0], rating_of(tea)) == ("public", (1, 5))
    event = ReviewEvent.objects.latest("pk")
    assert (event.is_append, event.to_state) == (True, "hidden")
    review_publish(review_id=written.pk, operator_id=staff.pk, is_append=True)
    append.refresh_from_db()
    assert (append.state, rating_of(tea)) == ("public", (1, 5))


@pytest.mark.usefixtures("queue")
def test_a_lost_job_is_queued_again_once(
    shopper_api: APIClient, staff: User, order: Order
) -> None:
    written = published(shopper_api, order, staff)
    add_to(shopper_api, written)
    lines = order.items.order_by("pk")
    other = reviewed(shopper_api, order, itemId=lines[1].pk)
    ProcrastinateJob.objects.all()._raw_delete("default")
    late = other.updated_at + timedelta(hours=2)
    early = written.updated_at + timedelta(hours=2) - timedelta(seconds=1)
    assert reviews_resume(now=early) == 0
    both = [
        {"review_id": other.pk, "is_append": False},
        {"review_id": written.pk, "is_append": True},
    ]
    assert [reviews_resume(now=late) for _ in range(2)] == [2, 0]
    assert queued() == both
    # And by the clock.
    for model in (Review, ReviewAppend):
        model.objects.update(updated_at=timezone.now() - timedelta(hours=3))
    reports_resume(timestamp=0)
    assert queued() == [*both, *both]


def test_a_review_that_is_decided_asks_nobody(
    written: Review, staff: User, wechat: Any
) -> None:
    review_publish(review_id=written.pk, operator_id=staff.pk)
    wechat.asked.clear()
    review_check(review_id=written.pk, is_append=False)
    assert wechat.asked == []
    assert reviews_resume(now=timezone.now() + timedelta(days=9)) == 0


@pytest.mark.usefixtures("queue")
def test_the_worker_has_it_judged_by_wechat(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    texts = ("茶很香", "sim-risky", "sim-review")
    written = []
    for text in texts:
        order = paid_order(wechat_api, line(tea))
        ship(order)
        wechat_api.post(f"/api/orders/{order.order_no}/confirm")
        written.append(reviewed(wechat_api, order, content=text))
    simulator.fault("content", "500")
    work()
    assert [state_of(one)[0] for one in written] == ["checking", "hidden", "waiting"]
    work()
    assert state_of(written[0])[0] == "public"
