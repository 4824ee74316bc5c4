"""The function places the orders that the plain ORM version places, no others."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from accounts.models import Address, User
from catalog.models import (
    FlashSale,
    FlashSaleSku,
    FreightTemplate,
    Product,
    Sku,
    StockMovement,
)
from catalog.services.freight import (
    RegionRule,
)
from orders.errors import RequestInProgress
from orders.models import CartItem, CouponClaim, FlashSaleTaking, Order, OrderEvent
from orders.serializers import OrderSerializer
from orders.services.drafts import draft_make, drafts_place, order_of
from orders.services.order_requests import Wish
from orders.services.placing import Destination, OrderRequest
from orders.tests.conftest import ADDRESS
from orders.tests.coupons.making import claimed, coupon_made
from orders.tests.flash_sales_plain import DAY, sales_make
from orders.tests.freight_plain import UNSERVED, template_make, terms
from orders.tests.placing_plain import order_place_plainly
from shop.errors import ShopError

UNKNOWN = 999_999_999
FAR = ADDRESS | {"province": "西藏自治区", "city": "拉萨市"}
# A city that a rule names, its province, one that is not served, any other.
DESTINATIONS = (
    ADDRESS,
    ADDRESS | {"city": "广州市"},
    FAR,
    ADDRESS | {"province": "北京市", "city": "北京市"},
)


@dataclass
class World:
    """What there is to ask for, and who asks."""

    products: list[int]
    skus: list[int]
    users: list[int]
    coupons: list[int]
    addresses: list[int]


@dataclass(frozen=True)
class Ask:
    """An order as hypothesis makes it up: places in the lists of the world."""

    user: int
    request: int
    key: str | None


@pytest.fixture
def world(
    product_make: Callable[..., Product], shopper: User, other_shopper: User
) -> World:
    """All that can be wrong with a product, and some shoppers."""
    gone = User.objects.create(openid="gone", password="!", is_active=False)
    products = [
        product_make("茶", price="9.99", stock=5, image="uploads/tea.jpg"),
        product_make("衫", price="50.00", stock=3),
        product_make("下架", status="off_sale"),
        product_make("删除", status="deleted"),
        product_make("金", price="25000000.00", stock=900),
        product_make("米", price="0.01", stock=5000),
        product_make("空", stock=0),
        product_make("停", stock=4),
        product_make("换", price="3.00", stock=4),
    ]
    skus = [Sku.objects.get(product=product) for product in products]
    Sku.objects.filter(pk=skus[1].pk).update(specs={"码": "S", "色": "红"})
    Sku.objects.filter(pk__in=[skus[7].pk, skus[8].pk]).update(is_active=False)
    Sku.objects.filter(pk=skus[0].pk).update(weight_grams=250)
    templates_make(by_weight=products[0])
    for sku in skus[:2]:
        for user in (shopper, other_shopper):
            CartItem.objects.create(
                user=user, sku=sku, quantity=1, price_added=sku.price
            )
    for product, image in ((products[1], "uploads/l.jpg"), (products[8], "")):
        more = Sku.objects.create(
            product=product, specs={"码": "L"}, price=60, stock=2, image=image
        )
        StockMovement.objects.create(sku=more, delta=2, balance=2, reason="initial")
        skus.append(more)
    sales_make(limited=skus[0], paired=skus[1])
    addresses = [
        Address.objects.create(user=user, **{**ADDRESS, "name": f"收货人{user.pk}"})
        for user in (shopper, other_shopper, gone)
    ]
    return World(
        products=[*(product.pk for product in products), UNKNOWN],
        skus=[*(sku.pk for sku in skus), UNKNOWN],
        users=[shopper.pk, other_shopper.pk, gone.pk, UNKNOWN],
        coupons=[*coupons_make(shopper, other_shopper, products), UNKNOWN],
        addresses=[*(address.pk for address in addresses), UNKNOWN],
    )


def templates_make(*, by_weight: Product) -> None:
    """Add a template by weight for a product, and one by piece for the default."""
    far = RegionRule(provinces=["西藏自治区"], terms=UNSERVED)
    near = RegionRule(provinces=["广东省"], terms=terms("2 6.00 1 1.00"))
    city = RegionRule(
        cities=["深圳市"], terms=terms("1 3.00 3 0.50", free_from="110.00")
    )
    template_make(
        "按件",
        terms("1 5.00 2 1.50", free_from="120.00"),
        rules=[far, near, city],
    )
    template = template_make(
        "按重", terms("300 8.00 200 2.00"), unit="weight", rules=[city]
    )
    Product.objects.filter(pk=by_weight.pk).update(freight_template=template)


def coupons_make(
    shopper: User, other_shopper: User, products: list[Product]
) -> list[int]:
    """Add coupons of all sorts; the first shopper holds two of the first."""
    tea = {"scope": "products", "target_ids": [products[0].pk]}
    begin = timezone.now() + timedelta(days=1)
    later = {"valid_from": begin, "valid_until": begin + timedelta(days=1)}
    coupons = [
        coupon_made(amount="6.66", user_limit=2),
        coupon_made(kind="percentage", percent_off=33, minimum_amount="19.98", **tea),
        coupon_made(valid_days=None, **later),
    ]
    for coupon in coupons:
        claimed(shopper, coupon)
        claimed(other_shopper, coupon)
    claimed(shopper, coupons[0])
    return [coupon.pk for coupon in coupons]


bounded = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
# Mostly what can be bought: tea, a shirt of a size, rice by the sack.
LIKELY = [
    *((0, None, 1), (0, None, 3), (0, 0, 2), (1, 1, 1), (1, 9, 1), (8, None, 1)),
    *((5, None, 600), (5, 5, 600), (4, None, 1), (1, 1, 2), (0, None, 2)),
]
anything = st.tuples(
    st.integers(0, 9), st.none() | st.integers(0, 11), st.sampled_from([1, 2, 6])
)
wishes = st.sampled_from(LIKELY) | st.sampled_from(LIKELY) | anything
# An address that is written out (under 0), one of the book, or none; from the cart?
requests = st.tuples(
    st.lists(wishes, min_size=1, max_size=3),
    st.sampled_from([-4, -3, -2, -1, -1, -1, -1, 0, 1, 3, 4]),
    st.booleans(),
    st.sampled_from([None, None, None, 0, 0, 1, 2, 3]),
)
asks = st.builds(
    Ask,
    user=st.sampled_from([0, 0, 0, 0, 1, 2, 3]),
    request=st.sampled_from([0, 0, 0, 1]),
    key=st.sampled_from([None, None, "a", "a", "b"]),
)
calls = st.lists(st.lists(asks, min_size=1, max_size=4), min_size=2, max_size=3)


@pytest.mark.usefixtures("audited")
def test_all_calls_end_alike(world: World) -> None:
    told: set[str] = set()

    # Beside what is made up: too much rice, no address; no size, a key that is used
    # again; too far; more orders than coupons, goods that a coupon is not for; too
    # dear; all that a flash sale refuses.
    @bounded
    @example(
        bodies=[
            ([(5, None, 600), (5, 5, 600)], -1, True, None),
            ([(0, None, 1)], 4, False, 0),
        ],
        calls=[[Ask(0, 0, None), Ask(0, 1, "a")]],
        has_default=True,
        has_sales=False,
    )
    @example(
        bodies=[
            ([(0, None, 1), (8, None, 1)], -1, True, 0),
            ([(1, None, 1)], -2, True, None),
        ],
        calls=[[Ask(0, 0, "a")], [Ask(0, 0, "a"), Ask(1, 1, "a")], [Ask(0, 1, "a")]],
        has_default=True,
        has_sales=False,
    )
    @example(
        bodies=[
            ([(1, 1, 1), (0, None, 1)], -3, True, None),
            ([(8, None, 4)], -4, True, 1),
        ],
        calls=[[Ask(0, 0, None), Ask(1, 1, None)]],
        has_default=True,
        has_sales=False,
    )
    @example(
        bodies=[
            ([(0, None, 2), (1, 1, 1)], -1, False, 0),
            ([(8, None, 1)], -2, True, 1),
        ],
        calls=[[Ask(0, 0, None), Ask(1, 1, None), Ask(0, 0, None)], [Ask(0, 0, None)]],
        has_default=False,
        has_sales=False,
    )
    @example(
        bodies=[
            ([(0, None, 1)], -1, False, 2),
            ([(0, None, 1)], -1, True, 1),
        ],
        calls=[[Ask(0, 0, None), Ask(0, 1, None), Ask(3, 1, None)]],
        has_default=False,
        has_sales=False,
    )
    @example(
        bodies=[
            ([(4, None, 1)], -1, False, None),
            ([(0, None, 6)], -1, True, None),
        ],
        calls=[[Ask(0, 0, None), Ask(0, 1, None), Ask(1, 1, None)]],
        has_default=False,
        has_sales=True,
    )
    @example(
        bodies=[
            ([(0, None, 1)], -1, True, None),
            ([(0, None, 3)], -1, True, None),
        ],
        calls=[
            [Ask(1, 1, None)],
            [*[Ask(0, 0, None)] * 3, Ask(1, 1, None), *[Ask(1, 0, None)] * 2],
        ],
        has_default=True,
        has_sales=True,
    )
    @given(
        bodies=st.lists(requests, min_size=2, max_size=2),
        calls=calls,
        has_default=st.booleans(),
        has_sales=st.booleans(),
    )
    def check(
        bodies: list[Any], calls: list[list[Ask]], has_default: bool, has_sales: bool
    ) -> None:
        asked = [_request(world, *body) for body in bodies]
        FreightTemplate.objects.filter(name="按件").update(is_default=has_default)
        now = timezone.now()
        for model in (FlashSale, FlashSaleSku):
            model.objects.update(ends_at=now + DAY if has_sales else now)
        with _undone():
            plain = [_plainly(world, asked, call) for call in calls], _books()
        with _undone():
            together = [_together(world, asked, call) for call in calls], _books()
        assert together == plain
        told.update(kind for call in plain[0] for kind, *_ in call)

    check()
    # Else the run would have shown less than it seems to.
    differing = "库存不足|不支持配送|起可用|活动|抢光"
    assert {word for word in told if not re.search(differing, word)} == {
        "placed",
        "repeated",
        "重复的请求标识,内容不一致",
        "请求正在处理中,请勿重复提交",
        "商品不存在或已下架",
        "用户不存在",
        "请选择商品衫的规格",
        "收货地址不能为空",
        "地址不存在",
        "数量不能大于999",
        "订单金额过大",
        "优惠券不存在、已使用或已过期",
        "所选商品不能使用该优惠券",
        "还差¥9.99可用",
    }
    assert any("起可用" in word for word in told)
    assert {
        *("商品茶库存不足", "商品衫不支持配送到该地区", "商品茶已抢光"),
        *("商品茶活动仅剩1件", "商品茶已达活动限购", "商品茶超出活动限购,还可买2件"),
    } <= told


def _request(
    world: World, lines: list[Any], address: int, from_cart: bool, coupon: int | None
) -> OrderRequest:
    wanted = []
    for product, sku, quantity in lines:
        sku_id = None if sku is None else world.skus[sku]
        wanted.append(Wish(world.products[product], sku_id, quantity))
    coupon_id = None if coupon is None else world.coupons[coupon]
    request = OrderRequest(wanted, from_cart=from_cart, coupon_id=coupon_id)
    if address < 0:
        destination = Destination(**DESTINATIONS[-1 - address])
        return replace(request, destination=destination, remark="放门口")
    if address == len(world.addresses):
        return request
    return replace(request, address_id=world.addresses[address])


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _plainly(
    world: World, asked: Sequence[OrderRequest], call: Sequence[Ask]
) -> list[Any]:
    """Place one after the other; of twins in one call the later are told so."""
    told, keys = [], set[tuple[int, str]]()
    used = set(Order.objects.values_list("user_id", "idempotency_key"))
    for ask in call:
        user, name = world.users[ask.user], (world.users[ask.user], ask.key or "")
        if ask.key and name in keys - used:
            told.append(_refused(RequestInProgress()))
            continue
        keys.add(name)
        request = asked[ask.request]

        def place(user: int = user, request: Any = request, ask: Ask = ask) -> Any:
            return order_place_plainly(
                user_id=user, request=request, idempotency_key=ask.key
            )

        told.append(_told(place))
    return told


def _together(
    world: World, asked: Sequence[OrderRequest], call: Sequence[Ask]
) -> list[Any]:
    drafts = [
        draft_make(world.users[ask.user], asked[ask.request], ask.key) for ask in call
    ]
    answers = drafts_place(drafts)

    def order(draft: Any, answer: str) -> tuple[Order, bool]:
        order = order_of(draft, answer)
        return order, order.order_no == draft.order_no

    return [
        _told(lambda draft=draft, answer=answer: order(draft, answer))
        for draft, answer in zip(drafts, answers, strict=True)
    ]


def _told(place: Callable[[], tuple[Order, bool]]) -> Any:
    """Return what the shopper is told, but for numbers and times."""
    try:
        order, is_new = place()
    except ShopError as error:
        return _refused(error)
    data = OrderSerializer(order).data
    for name in ("orderNo", "createdAt", "updatedAt", "expiresAt"):
        assert data.pop(name)
    for item in data["items"]:
        assert item.pop("id")
    return "placed" if is_new else "repeated", data


def _refused(error: ShopError) -> Any:
    return error.message, type(error), error.facts


def _books() -> dict[str, Any]:
    """Return what is written, orders being named by their turn."""
    # The foreign keys wait for a commit that does not come.
    connection.check_constraints()
    orders = list(Order.objects.order_by("pk").prefetch_related("items"))
    turns = {order.order_no: turn for turn, order in enumerate(orders)}
    left_out = {"_state", "_prefetched_objects_cache", "id", "order_no", "order_id"}
    times = {"created_at", "updated_at", "expires_at", "due_at"}

    def facts(row: Any) -> dict[str, Any]:
        return {k: v for k, v in vars(row).items() if k not in left_out | times}

    movements = StockMovement.objects.filter(reason="order").order_by("pk")
    return {
        "orders": [facts(order) for order in orders],
        "lines": [[facts(item) for item in order.items.all()] for order in orders],
        "events": [
            (turns[event.order.order_no], *facts(event).items())
            for event in OrderEvent.objects.order_by("pk").select_related("order")
        ],
        "ledger": [
            (turns[row.reference], row.sku_id, row.delta, row.balance, row.operator_id)
            for row in movements
        ],
        "coupons": [
            (claim.pk, claim.order and turns[claim.order.order_no])
            for claim in CouponClaim.objects.order_by("pk").select_related("order")
        ],
        "carts": list(CartItem.objects.order_by("pk").values_list("user", "sku")),
        "sales": [
            *FlashSaleSku.objects.order_by("pk").values_list("pk", "sold"),
            *FlashSaleTaking.objects.values_list(
                "flash_sale_sku", "user", "quantity"
            ).order_by("flash_sale_sku", "user"),
        ],
        "stocks": list(Sku.objects.order_by("pk").values_list("pk", "stock")),
    }
