"""An order uses a coupon once, whoever else orders at that moment."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.errors import UserNotFound
from accounts.models import User
from catalog.models import Product
from conftest import alone
from orders.models import CouponClaim, Order
from orders.services.accounts import account_delete
from orders.services.audit import orders_audit
from orders.services.coupons import coupon_claim
from orders.services.drafts import draft_make, drafts_place
from orders.services.fulfilment import order_ship
from orders.services.order_requests import Destination, OrderRequest, Wish
from orders.services.placing import order_place
from orders.tests.conftest import (
    ADDRESS,
    body,
    line,
    paid,
    placed,
    stock_of,
    written,
)
from orders.tests.coupons.making import claimed, coupon_made, order_of, used_by
from orders.tests.processes import several_processes
from orders.tests.test_preview import preview
from shop.errors import ShopError

audited = pytest.mark.usefixtures("audited")


@audited
def test_preview_picks_the_best_and_the_order_takes_what_it_names(
    shopper_api: APIClient, shopper: User, tea: Product, cup: Product
) -> None:
    """Three teas and a cup are 322.50; 20 % of the teas, at most 50, is the best."""
    best = claimed(
        shopper,
        title="茶八折",
        kind="percentage",
        percent_off=20,
        amount="50.00",
        scope="products",
        target_ids=[tea.pk],
    )
    small = claimed(shopper, title="满三百减十", amount="10.00", minimum_amount="300")
    large = claimed(shopper, title="满五百", amount="99.00", minimum_amount="500")
    lines = [line(tea, 3), line(cup)]
    quote = preview(shopper_api, *lines).json()["data"]
    amounts = ("goodsAmount", "freightAmount", "discountAmount", "totalAmount")
    assert [quote[name] for name in amounts] == ["322.50", "0.00", "50.00", "272.50"]
    assert quote["couponId"] == best.coupon_id
    assert [
        (one["id"], one["discountAmount"], one["reason"]) for one in quote["coupons"]
    ] == [
        (best.coupon_id, "50.00", ""),
        (small.coupon_id, "10.00", ""),
        (large.coupon_id, None, "还差¥177.50可用"),
    ]
    assert quote["coupons"][0]["title"] == "茶八折"
    assert quote["coupons"][0]["terms"] == "无门槛8折,最多减50元"

    own = preview(shopper_api, *lines, couponId=small.coupon_id).json()["data"]
    assert (own["couponId"], own["totalAmount"]) == (small.coupon_id, "312.50")
    none = preview(shopper_api, *lines, couponId=None).json()["data"]
    assert (none["couponId"], none["totalAmount"]) == (None, "322.50")
    # As it was chosen for them; without its name an order uses none.
    data = placed(shopper_api, *lines, couponId=quote["couponId"])
    assert [data[name] for name in amounts] == ["322.50", "0.00", "50.00", "272.50"]
    order = Order.objects.get(order_no=data["orderNo"])
    assert [str(item.discount_amount) for item in order.items.all()] == [
        "50.00",
        "0.00",
    ]
    assert (order.coupon_claim, used_by(best)) == (best, order)
    assert placed(shopper_api, line(cup))["discountAmount"] == "0.00"
    mine = shopper_api.get("/api/coupons/mine", {"status": "used"}).json()["data"]
    assert [one["orderNo"] for one in mine["list"]] == [order.order_no]
    exported = shopper_api.get("/api/auth/user/export").json()["data"]["coupons"]
    assert [one["status"] for one in exported] == ["usable", "usable", "used"]


@audited
def test_same_key_answers_the_same_order_and_uses_one(
    shopper_api: APIClient, shopper: User, tea: Product
) -> None:
    coupon = coupon_made(user_limit=2)
    first, second = claimed(shopper, coupon), claimed(shopper, coupon)
    sent = body(line(tea), couponId=coupon.pk)
    answers = [
        shopper_api.post(
            "/api/orders", sent, format="json", headers={"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert used_by(first) == Order.objects.get()
    assert used_by(second) is None
    other = shopper_api.post(
        "/api/orders",
        body(line(tea)),
        format="json",
        headers={"Idempotency-Key": "k"},
    )
    assert other.json()["data"]["error"] == "idempotency_conflict"


@audited
@pytest.mark.parametrize("first_begins", [False, True])
def test_orders_of_one_call_choose_at_one_moment(
    shopper: User, tea: Product, first_begins: bool
) -> None:
    """Between their own moments the first claim ends, or another of its kind begins."""
    coupon, now = coupon_made(user_limit=3), timezone.now()
    first, second, third = [claimed(shopper, coupon) for _ in range(3)]
    day = timedelta(days=1)
    times = (now, now + day) if first_begins else (now - day, now)
    for claim, (begin, end) in (
        (first, times),
        (second, (now - day, now + 2 * day)),
        (third, (now - day, now + 3 * day)),
    ):
        rows = CouponClaim.objects.filter(pk=claim.pk)
        rows.update(valid_from=begin, valid_until=end)
    wish = OrderRequest(
        [Wish(tea.pk, None, 1)], Destination(**ADDRESS), coupon_id=coupon.pk
    )
    moment = timedelta(milliseconds=5)
    drafts = [
        replace(draft_make(shopper.pk, wish, None), now=at)
        for at in (now - moment, now + moment)
    ]
    answers = [orjson.loads(answer) for answer in drafts_place(drafts)]
    used = (first, second) if first_begins else (second, third)
    assert [answer.get("claim") for answer in answers] == [one.pk for one in used]
    assert [answer["discount"] for answer in answers] == ["5.00", "5.00"]


@audited
def test_what_does_not_fit_is_refused_with_nothing_written(
    shopper_api: APIClient,
    shopper: User,
    other_shopper: User,
    tea: Product,
    cup: Product,
) -> None:
    foreign = claimed(other_shopper)
    dear = claimed(shopper, minimum_amount="99.01")
    spent = claimed(shopper)
    placed(shopper_api, line(tea), couponId=spent.coupon_id)
    over = claimed(shopper)
    now = timezone.now()
    CouponClaim.objects.filter(pk=over.pk).update(
        valid_from=now - timedelta(days=2), valid_until=now
    )
    begin = now + timedelta(days=1)
    early = claimed(
        shopper, valid_days=None, valid_from=begin, valid_until=begin + timedelta(1)
    )
    other = claimed(shopper, scope="products", target_ids=[cup.pk])
    before = written()
    nothing = "优惠券不存在、已使用或已过期"
    for coupon_id, message in (
        (foreign.coupon_id, nothing),
        (10**9, nothing),
        (dear.coupon_id, "还差¥0.01可用"),
        (spent.coupon_id, nothing),
        (over.coupon_id, nothing),
        (early.coupon_id, f"{timezone.localtime(begin):%Y-%m-%d %H:%M}起可用"),
        (other.coupon_id, "所选商品不能使用该优惠券"),
    ):
        wanted = {"couponId": coupon_id}
        for answer in (
            preview(shopper_api, line(tea), **wanted),
            shopper_api.post("/api/orders", body(line(tea), **wanted), format="json"),
        ):
            assert answer.status_code == 409
            assert answer.json()["data"] == {"error": "coupon_not_usable"}
            assert answer.json()["message"] == message
    assert written() == before
    assert used_by(dear) is None


def test_placing_with_a_coupon_is_one_statement_too(
    shopper: User, tea: Product
) -> None:
    claim = claimed(shopper)
    destination = Destination(**ADDRESS)
    for coupon_id in (None, claim.coupon_id):
        request = OrderRequest(
            [Wish(tea.pk, None, 1)], destination, coupon_id=coupon_id
        )
        with CaptureQueriesContext(connection) as captured:
            order, _ = order_place(user_id=shopper.pk, request=request)
        # Beside the savepoint around it, which a test has alone.
        assert len(captured) == 3
    assert order.coupon_claim_id == claim.pk


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("UPDATE orders_coupon SET claimed_count = 0", "coupon_count"),
        ("UPDATE orders_couponclaim SET order_id = NULL", "coupon_order"),
        ("UPDATE orders_order SET coupon_claim_id = NULL", "coupon_use"),
        ("UPDATE orders_couponclaim SET user_id = %s", "coupon_use"),
    ],
)
def test_audit_finds_what_is_used_wrongly(
    shopper_api: APIClient,
    shopper: User,
    other_shopper: User,
    tea: Product,
    change: str,
    check: str,
) -> None:
    coupon_id = claimed(shopper).coupon_id
    placed(shopper_api, line(tea), couponId=coupon_id)
    assert orders_audit() == []
    with connection.cursor() as cursor:
        cursor.execute(change, [other_shopper.pk] if "%s" in change else None)
    assert {finding.check for finding in orders_audit()} == {check}


@audited
def test_deleted_shopper_leaves_no_trace_on_what_was_used(
    shopper_api: APIClient, shopper: User, tea: Product
) -> None:
    used, unused = claimed(shopper), claimed(shopper)
    order = paid(order_of(shopper_api, line(tea), couponId=used.coupon_id))
    order_ship(order_id=order.pk, carrier="SF", tracking_no="1", operator_id=None)
    shopper_api.post(f"/api/orders/{order.order_no}/confirm")
    account_delete(user_id=shopper.pk)
    assert (used_by(used), used_by(unused)) == (order, None)
    shopper.refresh_from_db()
    assert shopper.openid is None
    with pytest.raises(UserNotFound):
        coupon_claim(coupon_id=used.coupon_id, user_id=shopper.pk)


THREADS = 6


@pytest.fixture
def buyers(transactional_db: None) -> Iterator[list[User]]:
    yield User.objects.bulk_create(
        User(openid=f"buyer-{n}", password="!") for n in range(2)
    )
    assert orders_audit() == []


@pytest.mark.usefixtures("patient_database")
@pytest.mark.parametrize("is_several", [False, True], ids=["one", "several"])
def test_one_claim_serves_one_of_the_orders_of_the_same_moment(
    buyers: list[User],
    product_make: Callable[..., Product],
    monkeypatch: pytest.MonkeyPatch,
    is_several: bool,
) -> None:
    """Two shoppers with one claim each; no two orders have a SKU to wait for."""
    if is_several:
        several_processes(monkeypatch)
    products = [product_make(f"茶{n}", stock=1) for n in range(2 * THREADS)]
    coupon = coupon_made()
    claims = [claimed(buyer, coupon) for buyer in buyers]
    together = threading.Barrier(2 * THREADS)

    def buy(number: int) -> str:
        request = OrderRequest(
            [Wish(products[number].pk, None, 1)],
            Destination(**ADDRESS),
            coupon_id=coupon.pk,
        )
        together.wait()
        try:
            order_place(user_id=buyers[number % 2].pk, request=request)
        except ShopError as error:
            return error.code
        return "placed"

    with ThreadPoolExecutor(2 * THREADS) as pool:
        told = Counter(pool.map(alone(buy), range(2 * THREADS)))
    assert told == {"placed": 2, "coupon_not_usable": 2 * THREADS - 2}
    orders = {order.user_id: order for order in Order.objects.all()}
    assert [used_by(claim) for claim in claims] == [orders[one.pk] for one in buyers]
    assert sum(map(stock_of, products)) == 2 * THREADS - 2
