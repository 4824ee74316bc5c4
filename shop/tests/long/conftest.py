"""A shop that runs, for what is done to its parts, and one to attack."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import session_open
from catalog.models import Category, Product
from orders.services.audit import orders_audit
from orders.services.fulfilment import order_ship
from orders.tests.conftest import ADDRESS, line, paid_order, placed
from orders.tests.coupons.making import coupon_made
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.clerks import browser
from shop.tests.long.attacked import Attacked
from shop.tests.long.running import Shop, shop_running
from shop.tests.web_process import WebProcess


@pytest.fixture
def running(
    transactional_db: None,
    tmp_path: Path,
    simulator: SimulatorProcess,
    staff: User,
    product_make: Callable[..., Product],
) -> Iterator[Shop]:
    product = product_make(stock=1_000_000)
    with shop_running(tmp_path / "shop", simulator, product.pk) as shop:
        yield shop


@pytest.fixture
def rows(
    product_make: Callable[..., Product], wechat_api: APIClient
) -> dict[str, list[str]]:
    """Make a row of every kind that the API names, by asking the API for it."""

    def made(path: str, **fields: Any) -> dict[str, Any]:
        answer = wechat_api.post(f"/api/{path}", fields, format="json")
        assert answer.status_code == 201, answer.content
        row: dict[str, Any] = answer.json()["data"]
        return row

    tea = product_make(category=Category.objects.create(name="茶"), stock=100_000)
    sku = tea.skus.get().pk
    paid, sent, come = (paid_order(wechat_api, line(tea, 99)) for _ in range(3))
    for number, order in enumerate((sent, come)):
        parcel = {"carrier": "SF", "tracking_no": f"SF{number}"}
        order_ship(order_id=order.pk, operator_id=None, **parcel)
    wechat_api.post(f"/api/orders/{come.order_no}/confirm")
    said = {"itemId": come.items.get().pk, "rating": 5, "content": "很香"}
    review = made(f"orders/{come.order_no}/reviews", **said)
    wish = {"items": [{"itemId": sent.items.get().pk, "quantity": 1}]}
    refund = made(f"orders/{sent.order_no}/refunds", reason="破损", **wish)
    coupon = coupon_made()
    unpaid = [placed(wechat_api, line(tea))["orderNo"] for _ in range(2)]
    found = {
        "address": [made("addresses", **ADDRESS)["id"]],
        "cart": [made("cart", skuId=sku, quantity=1)["id"]],
        "category": [tea.category_id],
        "claim": [made(f"coupons/{coupon.pk}/claim")["id"]],
        "coupon": [coupon.pk],
        "item": [order.items.get().pk for order in (paid, sent, come)],
        "order": [*unpaid, *(order.order_no for order in (paid, sent, come))],
        "product": [tea.pk],
        "refund": [refund["refundNo"]],
        "review": [review["id"]],
        "sku": [sku],
        "word": [made("search/history", keyword="龙井")["id"]],
    }
    return {name: [str(key) for key in keys] for name, keys in found.items()}


@pytest.fixture
def attacked(
    transactional_db: None,
    simulator: SimulatorProcess,
    rows: dict[str, list[str]],
    staff: User,
    tmp_path: Path,
) -> Iterator[Attacked]:
    """Run the shop as a server does, the counting of requests left out.

    When all is over the logins must have held, and the books must be in order.
    """
    shopper = User.objects.get(is_staff=False)
    tokens = {
        "shopper": session_open(user=shopper).token,
        "staff": session_open(user=staff).token,
    }
    clerk = browser(staff)
    # It gives the token of forms, too.
    clerk.get("/admin/orders/order/")
    cookie = ";".join(f"{name}={one.value}" for name, one in clerk.cookies.items())
    wechat = ("WECHAT_API_BASE", "WECHAT_PAY_BASE", "KUAIDI100_BASE")
    where = dict.fromkeys(wechat, simulator.base_url)
    with WebProcess(tmp_path, RATELIMIT_ENABLE="0", **where) as web:
        yield Attacked(f"http://{web.address}", web, tokens, cookie, rows)
        for caller, status in (("shopper", 200), ("staff", 403)):
            login = f"Bearer {tokens[caller]}"
            answer = web.get("/api/orders", Authorization=login)
            assert answer.status_code == status, caller
        answer = web.get("/admin/orders/order/", Cookie=cookie)
        assert answer.status_code == 200
    assert orders_audit() == []
