"""What coupons take off: for which goods, how much, and off which line."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from accounts.models import User
from catalog.models import Category, Product, Sku
from orders.models import Coupon, CouponClaim, Order
from orders.services.coupons import Offer, coupons_offered
from orders.tests.coupons.making import claimed, coupon_made
from orders.tests.coupons.plainly import discount_plainly
from shop.statements import rows_fetch

ZERO = Decimal("0.00")


def offered(user: User, *lines: tuple[Product, int]) -> list[Offer]:
    skus = [(Sku.objects.get(product=product), count) for product, count in lines]
    return coupons_offered(user_id=user.pk, lines=_asked(skus), freight=ZERO)


def _asked(lines: Sequence[tuple[Sku, int]]) -> list[dict[str, Any]]:
    return [
        {
            "place": 0,
            "sku": sku.pk,
            "product": sku.product_id,
            "price": str(sku.price),
            "quantity": count,
        }
        for sku, count in lines
    ]


@pytest.fixture
def three(product_make: Callable[..., Product]) -> list[Product]:
    return [product_make(name, price="10.00", stock=99) for name in "甲乙丙"]


@pytest.mark.parametrize(
    ("terms", "prices", "freight", "expected"),
    [
        # A third each of ten yuan: the fen that is left over goes to the first.
        ({"amount": "10.00"}, ["10", "10", "10"], "0", ["3.34", "3.33", "3.33"]),
        # 0.10 of 0.30 : 0.33 : 0.37; the line that lacks most of a fen gets it.
        ({"amount": "0.10"}, ["0.30", "0.33", "0.37"], "0", ["0.03", "0.03", "0.04"]),
        ({"amount": "0.02"}, ["0.01", "0.01", "0.01"], "0", ["0.01", "0.01", "0.00"]),
        # Never under 0.01: the discount is cut; with freight the goods may be free.
        ({"amount": "99.00"}, ["1", "1", "1"], "0", ["1.00", "1.00", "0.99"]),
        ({"amount": "99.00"}, ["1", "1", "1"], "0.01", ["1.00", "1.00", "1.00"]),
        ({"amount": "99.00"}, ["0.01"], "0", "nothing_off"),
        (
            {"amount": "5.00", "minimum_amount": "30"},
            ["10", "20"],
            "0",
            ["1.67", "3.33"],
        ),
        (
            {"amount": "5.00", "minimum_amount": "30"},
            ["10", "19.99"],
            "9",
            "too_little",
        ),
        # 15 % of 9.99 is 1.4985, cut to the fen; the cap holds.
        ({"percent_off": 15, "amount": "5.00"}, ["9.99"], "0", ["1.49"]),
        ({"percent_off": 15, "amount": "5.00"}, ["90", "10"], "0", ["4.50", "0.50"]),
    ],
)
def test_amounts(
    shopper: User,
    three: list[Product],
    terms: dict[str, Any],
    prices: list[str],
    freight: str,
    expected: list[str] | str,
) -> None:
    kind = "percentage" if "percent_off" in terms else "reduction"
    claim = claimed(shopper, kind=kind, **terms)
    counts = {}
    for product, price in zip(three, prices, strict=False):
        sku = Sku.objects.get(product=product)
        sku.price = Decimal(price)
        counts[sku] = 1
    problem, shares = discount_by_function(claim, counts, Decimal(freight))
    assert (problem or [str(share) for _, share in sorted(shares.items())]) == expected


def test_scope_counts_and_cheapens_those_goods_alone(
    shopper: User, three: list[Product]
) -> None:
    tea = Category.objects.create(name="茶")
    green = Category.objects.create(name="绿茶", parent=tea)
    leaf = Category.objects.create(name="龙井", parent=green)
    other = Category.objects.create(name="杯")
    for product, category in zip(three, (leaf, other, None), strict=True):
        Product.objects.filter(pk=product.pk).update(category=category)
    scoped = {"scope": "categories", "minimum_amount": "20", "amount": "6.00"}
    claimed(shopper, title="茶", **scoped, target_ids=[tea.pk])
    claimed(shopper, title="叶和杯", **scoped, target_ids=[leaf.pk, other.pk])
    claimed(shopper, title="丙", scope="products", target_ids=[three[2].pk])
    lines = [(product, 1) for product in three]
    found = {
        offer.coupon.title: offer.discount_amount or offer.reason
        for offer in offered(shopper, *lines)
    }
    assert found == {
        "茶": "还差¥10.00可用",
        "叶和杯": Decimal("6.00"),
        "丙": Decimal("5.00"),
    }
    (only,) = [o for o in offered(shopper, lines[0]) if o.coupon.title == "丙"]
    assert (only.discount_amount, only.reason) == (None, "所选商品不能使用该优惠券")


def test_best_comes_first_and_each_coupon_once(
    shopper: User, other_shopper: User, three: list[Product]
) -> None:
    now = timezone.now()
    day = timedelta(days=1)
    claimed(shopper, title="五元")
    large = coupon_made(title="六元", amount="6.00", user_limit=3)
    first, *_ = [claimed(shopper, large) for _ in range(3)]
    CouponClaim.objects.filter(pk=first.pk).update(valid_until=now + day)
    claimed(shopper, title="五元早到期", valid_days=3)
    dated = {"valid_days": None, "valid_from": now + day, "valid_until": now + 2 * day}
    claimed(shopper, title="未到", amount="9.00", **dated)
    gone = claimed(shopper, title="过期", amount="9.00")
    CouponClaim.objects.filter(pk=gone.pk).update(valid_from=now - day, valid_until=now)
    claimed(other_shopper, title="别人的", amount="9.00")
    offers = offered(shopper, (three[0], 1))
    assert [(o.coupon.title, o.discount_amount) for o in offers] == [
        ("六元", Decimal("6.00")),
        ("五元早到期", Decimal("5.00")),
        ("五元", Decimal("5.00")),
        ("未到", None),
    ]
    assert offers[0].claim == first
    begin = timezone.localtime(now + day)
    assert offers[3].reason == f"{begin:%Y-%m-%d %H:%M}起可用"


def discount_by_function(
    claim: CouponClaim, lines: dict[Sku, int], freight: Decimal
) -> tuple[str | None, dict[int, Decimal]]:
    wanted = {"place": 3, "claim": claim.pk, "freight": str(freight)}
    wanted["now"] = timezone.now().isoformat()
    asked = [
        {**line, "place": place}
        for line in _asked([*lines.items()])
        for place in (3, 4)
    ]
    sql = (
        "SELECT place, claim, problem, discount, shares"
        " FROM coupon_discounts(%s::jsonb, %s::jsonb)"
    )
    ((place, of, problem, discount, shares),) = rows_fetch(
        sql, [json.dumps([wanted]), json.dumps(asked)]
    )
    assert (place, of) == (3, claim.pk)
    by_sku = json.loads(shares or "{}", parse_float=Decimal)
    assert discount == (sum(map(Decimal, by_sku.values())) if shares else None)
    return problem, {int(sku): Decimal(share) for sku, share in by_sku.items()}


bounded = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
fens = st.integers(1, 400) | st.sampled_from([1, 2, 3, 99, 100, 33_333])
drawn = given(
    amounts=st.tuples(fens, fens),
    percent=st.none() | st.integers(1, 99),
    scope=st.sampled_from(["all", "categories", "products", "all"]),
    lines=st.lists(st.tuples(fens, st.integers(1, 3)), min_size=1, max_size=3),
    freight=st.sampled_from([0, 0, 1, 800]),
    state=st.sampled_from(["", "", "", "", "used", "not_yet", "expired"]),
)
# Beside what is made up, each reason why not.
REASONS = {
    "other_goods": example((500, 1), None, "products", [(100, 1)], 0, ""),
    "nothing_off": example((500, 1), None, "all", [(1, 1)], 0, ""),
    "too_little": example((500, 400), None, "all", [(100, 1)], 800, ""),
    None: example((500, 1), 33, "all", [(33, 1), (33, 2), (34, 1)], 0, ""),
    "used": example((500, 1), None, "all", [(100, 1)], 0, "used"),
    "expired": example((500, 1), None, "all", [(100, 1)], 0, "expired"),
    "not_yet": example((500, 1), None, "all", [(100, 1)], 0, "not_yet"),
}


@pytest.mark.usefixtures("db")
def test_function_shares_as_plain_python_does(
    shopper: User, three: list[Product]
) -> None:
    """Whatever the prices, the scope and the state of the claim."""
    told = set()
    skus = [Sku.objects.select_related("product").get(product=one) for one in three]
    category = Category.objects.create(name="茶")
    Product.objects.filter(pk=three[0].pk).update(category=category)
    skus[0].product.category = category
    targets = {"all": [], "categories": [category.pk], "products": [three[1].pk]}
    order = order_made(shopper)

    def check(
        amounts: tuple[int, int],
        percent: int | None,
        scope: str,
        lines: list[tuple[int, int]],
        freight: int,
        state: str,
    ) -> None:
        CouponClaim.objects.update(order=None)
        coupon = coupon_made(
            kind="reduction" if percent is None else "percentage",
            amount=Decimal(amounts[0]).scaleb(-2),
            minimum_amount=Decimal(amounts[1]).scaleb(-2),
            percent_off=percent,
            scope=scope,
            target_ids=targets[scope],
        )
        claim = claimed_in(state, shopper, coupon, order)
        for sku, (price, _) in zip(skus, lines, strict=False):
            sku.price = Decimal(price).scaleb(-2)
        counts = {sku: count for sku, (_, count) in zip(skus, lines, strict=False)}
        cost = Decimal(freight).scaleb(-2)
        expected = discount_plainly(claim, counts, cost, timezone.now())
        assert discount_by_function(claim, counts, cost) == expected
        told.add(expected[0])

    for reason in REASONS.values():
        check = reason(check)
    bounded(drawn(check))()
    assert told == REASONS.keys()


def order_made(shopper: User) -> Order:
    return Order.objects.create(
        order_no="X",
        user=shopper,
        **dict.fromkeys(("goods_amount", "total_amount"), 1),
        **dict.fromkeys(("created_at", "expires_at", "due_at"), timezone.now()),
    )


def claimed_in(state: str, shopper: User, coupon: Coupon, order: Order) -> CouponClaim:
    """Let a shopper claim a coupon; then the order uses it, or time passes."""
    claim = claimed(shopper, coupon)
    day = timedelta(days=1)
    if state == "used":
        claim.order = order
    if state == "expired":
        claim.valid_from -= 30 * day
        claim.valid_until -= 20 * day
    if state == "not_yet":
        claim.valid_from += day
    claim.save()
    return claim
