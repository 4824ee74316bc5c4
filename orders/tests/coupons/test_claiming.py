"""Coupons are listed, claimed within their limits and times, and kept by shoppers."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from conftest import alone, lock_waiters, wait_until
from orders.errors import CouponGone, CouponLimit
from orders.locks import coupon_lock
from orders.models import Coupon, CouponClaim
from orders.services.accounts import account_delete, account_export
from orders.services.audit import orders_audit
from orders.services.coupons import claiming, coupon_claim, coupon_end, coupon_give
from orders.tests.coupons.making import claimed, coupon_made, fields_of
from shop.errors import Invalid, ShopError

HOUR = timedelta(hours=1)


def listed(api: APIClient, path: str = "", **query: Any) -> list[dict[str, Any]]:
    response = api.get(f"/api/coupons{path}", query)
    assert response.status_code == 200, response.content
    rows: list[dict[str, Any]] = response.json()["data"]["list"]
    assert response.json()["data"]["pagination"]["total"] == len(rows)
    return rows


def take(api: APIClient, coupon: Coupon, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return api.post(f"/api/coupons/{coupon.pk}/claim", headers=headers)


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["data"]["error"]


@pytest.mark.usefixtures("noon", "audited")
def test_claim_is_taken_once_however_often_it_is_tapped(
    shopper_api: APIClient, shopper: User
) -> None:
    coupon = coupon_made(total_limit=10, minimum_amount="100.00", amount="20.50")
    first = take(shopper_api, coupon)
    assert (first.status_code, first.json()["message"]) == (201, "领取成功")
    claim = CouponClaim.objects.get()
    today = timezone.localtime()
    assert first.json()["data"] == {
        "id": claim.pk,
        "coupon": {
            "id": coupon.pk,
            "title": "新人券",
            "terms": "满100元减20.5元",
            "kind": "reduction",
            "minimumAmount": "100.00",
            "amount": "20.50",
            "percentOff": None,
            "scope": "all",
            "targetIds": [],
        },
        "status": "usable",
        "claimedAt": today.isoformat(timespec="seconds"),
        "validFrom": today.isoformat(timespec="seconds"),
        # Until the seventh day after this one is over.
        "validUntil": (today + timedelta(days=7, hours=12)).isoformat(),
        "orderNo": None,
    }
    again = take(shopper_api, coupon)
    assert (again.status_code, again.json()["data"]) == (201, first.json()["data"])
    assert again.json()["message"] == "您已领取过,可直接使用"
    coupon.refresh_from_db()
    assert (CouponClaim.objects.get().user, coupon.claimed_count) == (shopper, 1)


def test_list_has_what_can_be_claimed_now_and_says_what_the_shopper_has_had(
    api: APIClient,
    shopper_api: APIClient,
    staff_api: APIClient,
    shopper: User,
    other_shopper: User,
    django_assert_num_queries: Any,
) -> None:
    unclaimable(other_shopper)
    now = timezone.now()
    dated = {"valid_from": now, "valid_until": now + HOUR, "valid_days": None}
    first = coupon_made(title="不限量", user_limit=2, **dated)
    second = coupon_made(title="限量", total_limit=3, percent_off=15, kind="percentage")
    claimed(shopper, first)
    claimed(other_shopper, second)

    with django_assert_num_queries(2):
        shown = listed(api)
    assert [row["title"] for row in shown] == ["限量", "不限量"]
    assert [(row["total"], row["left"]) for row in shown] == [(3, 2), (None, None)]
    assert [row["claimed"] for row in shown] == [None, None]
    assert [row["terms"] for row in shown] == [
        "无门槛8.5折,最多减5元",
        "无门槛减5元",
    ]
    assert [(row["validDays"], bool(row["validUntil"])) for row in shown] == [
        (7, False),
        (None, True),
    ]
    with django_assert_num_queries(4):
        mine = listed(shopper_api)
    assert [(row["claimed"], row["userLimit"]) for row in mine] == [(0, 1), (1, 2)]
    assert [row["claimed"] for row in listed(staff_api)] == [None, None]


def test_what_is_not_listed_is_not_given_out(
    shopper_api: APIClient, other_shopper: User
) -> None:
    for coupon, answer in unclaimable(other_shopper):
        assert refused(take(shopper_api, coupon)) == answer
    assert refused(shopper_api.post(f"/api/coupons/{2**63}/claim"))[0] == 404
    assert CouponClaim.objects.get().user == other_shopper


def unclaimable(other_shopper: User) -> list[tuple[Coupon, tuple[int, str]]]:
    """Make coupons that can't be claimed; return what whoever tries is told."""
    now = timezone.now()
    gone, ended, draft = coupon_made(total_limit=1), coupon_made(), fields_of()
    claimed(other_shopper, gone)
    coupon_end(coupon_id=ended.pk)
    early = coupon_made(claim_from=now + HOUR)
    over = coupon_made(claim_until=now + HOUR)
    Coupon.objects.filter(pk=over.pk).update(claim_until=now)
    stale = coupon_made(valid_days=None, valid_from=now - HOUR, valid_until=now + HOUR)
    Coupon.objects.filter(pk=stale.pk).update(valid_until=now)
    return [
        (gone, (409, "coupon_gone")),
        *((one, (409, "coupon_not_open")) for one in (ended, early, over, stale)),
        (Coupon.objects.create(**draft.columns()), (404, "not_found")),
    ]


def test_own_coupons_by_what_they_are_good_for(
    shopper_api: APIClient,
    shopper: User,
    other_shopper: User,
    django_assert_num_queries: Any,
) -> None:
    usable = claimed(shopper, title="可用")
    expired = claimed(shopper, title="过期")
    now = timezone.now()
    CouponClaim.objects.filter(pk=expired.pk).update(
        valid_from=now - timedelta(days=1), valid_until=now
    )
    claimed(other_shopper, title="别人的")
    with django_assert_num_queries(3):
        rows = listed(shopper_api, "/mine")
    assert [(row["id"], row["status"]) for row in rows] == [
        (expired.pk, "expired"),
        (usable.pk, "usable"),
    ]
    assert [row["id"] for row in listed(shopper_api, "/mine", status="usable")] == [
        usable.pk
    ]
    assert [row["id"] for row in listed(shopper_api, "/mine", status="expired")] == [
        expired.pk
    ]
    assert listed(shopper_api, "/mine", status="used") == []
    odd = shopper_api.get("/api/coupons/mine", {"status": "lost"})
    assert (odd.status_code, odd.json()["message"]) == (400, "状态格式不正确")


def test_limit_of_a_shopper_counts_what_is_used_up(
    shopper_api: APIClient, shopper: User
) -> None:
    coupon = coupon_made(user_limit=2)
    ids = [take(shopper_api, coupon).json()["data"]["id"] for _ in range(3)]
    assert [*CouponClaim.objects.order_by("pk").values_list("pk", flat=True)] == ids[:2]
    assert ids[2] == ids[1]
    now = timezone.now()
    CouponClaim.objects.update(valid_from=now - timedelta(days=1), valid_until=now)
    response = take(shopper_api, coupon)
    assert refused(response) == (409, "coupon_limit")
    assert response.json()["message"] == "每人限领2张,不能再领"
    assert response.json()["data"]["limit"] == 2
    coupon.refresh_from_db()
    assert coupon.claimed_count == CouponClaim.objects.count() == 2


@pytest.mark.usefixtures("audited")
def test_a_key_takes_one_however_often_it_is_sent(
    shopper_api: APIClient, shopper: User
) -> None:
    coupon = coupon_made(user_limit=3)
    first, again, other, late = (
        take(shopper_api, coupon, key).json() for key in "aaba"
    )
    assert first["data"] == again["data"] == late["data"] != other["data"]
    assert again["message"] == "您已领取过,可直接使用"
    assert CouponClaim.objects.filter(user=shopper).count() == 2
    # Of another coupon it is another wish.
    assert take(shopper_api, coupon_made(), "a").json()["message"] == "领取成功"
    # A retry is answered whatever has come between.
    coupon_end(coupon_id=coupon.pk)
    assert take(shopper_api, coupon, "a").json()["data"] == first["data"]
    assert refused(take(shopper_api, coupon, "c")) == (409, "coupon_not_open")
    assert refused(take(shopper_api, coupon, "x" * 256)) == (400, "invalid")
    # The person's own text is theirs to have, and to take along.
    exported = account_export(user=shopper)["coupons"]
    assert [claim["idempotencyKey"] for claim in exported] == ["a", "b", "a"]
    account_delete.__wrapped__(user_id=shopper.pk)
    assert {claim.idempotency_key for claim in CouponClaim.objects.all()} == {None}


@pytest.mark.usefixtures("audited")
def test_staff_give_within_the_limits_whether_or_not_it_can_be_claimed(
    shopper: User, other_shopper: User, staff: User
) -> None:
    later = timezone.now() + timedelta(days=1)
    coupon = coupon_made(claim_from=later, total_limit=1)
    give = {"coupon_id": coupon.pk, "operator_id": staff.pk}
    claim = coupon_give(user_id=shopper.pk, **give)
    assert (claim.user_id, claim.given_by_id) == (shopper.pk, staff.pk)
    with pytest.raises(CouponLimit):
        coupon_give(user_id=shopper.pk, **give)
    with pytest.raises(CouponGone):
        coupon_give(user_id=other_shopper.pk, **give)
    with pytest.raises(Invalid, match="没有这个编号的用户"):
        coupon_give(user_id=staff.pk, **give)
    coupon_end(coupon_id=coupon.pk)
    with pytest.raises(ShopError, match="不能发放"):
        coupon_give(user_id=other_shopper.pk, **give)
    assert CouponClaim.objects.get() == claim


THREADS = 8


@pytest.fixture
def crowd(transactional_db: None) -> Iterator[list[User]]:
    yield User.objects.bulk_create(
        User(openid=f"crowd-{n}", password="!") for n in range(THREADS)
    )
    assert orders_audit() == []


def together(users: list[User], coupon: Coupon, key: str | None = None) -> Counter[str]:
    """Let them claim at the same moment; count what they are told."""
    barrier = threading.Barrier(len(users))
    sent = {"coupon_id": coupon.pk, "idempotency_key": key}

    def claim(user: User) -> str:
        barrier.wait()
        try:
            _, is_new = coupon_claim(user_id=user.pk, **sent)
        except ShopError as error:
            return error.code
        return "new" if is_new else "held"

    with ThreadPoolExecutor(len(users)) as pool:
        return Counter(pool.map(alone(claim), users))


def test_limits_hold_at_the_same_moment(crowd: list[User]) -> None:
    few = coupon_made(total_limit=3)
    assert together(crowd, few) == {"new": 3, "coupon_gone": THREADS - 3}
    few.refresh_from_db()
    assert few.claimed_count == few.claims.count() == 3
    tapped = coupon_made(user_limit=9)
    held = {"new": 1, "held": THREADS - 1}
    assert together([crowd[0]] * THREADS, tapped, "key") == held
    twice = coupon_made(user_limit=2)
    assert together([crowd[0]] * THREADS, twice) == {"new": 2, "held": THREADS - 2}
    twice.refresh_from_db()
    assert twice.claimed_count == twice.claims.count() == 2


@pytest.mark.usefixtures("patient_database")
def test_control_without_the_lock_gives_too_many(
    crowd: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the race above would prove nothing: all have looked before one is written."""
    coupon = coupon_made(user_limit=1)
    monkeypatch.setattr(claiming, "coupon_lock", lambda pk: Coupon.objects.get(pk=pk))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            coupon_lock(coupon.pk)
            told = pool.submit(together, [crowd[0]] * THREADS, coupon)
            # Each to count its own: it has found none before.
            wait_until(lambda: lock_waiters() == THREADS)
        assert told.result() == {"new": THREADS}


def test_database_refuses_more_claims_than_there_are(db: None) -> None:
    coupon = coupon_made(total_limit=1)
    with pytest.raises(IntegrityError, match="coupon_claimed_max"):
        Coupon.objects.filter(pk=coupon.pk).update(claimed_count=2)
