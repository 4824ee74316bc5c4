"""What staff do each day, in a real browser: the admin from login to repriced order.

SHOP_SCREENSHOTS names a folder that keeps what the browser saw, for the documents.
"""

import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Browser, Page, sync_playwright
from rest_framework.test import APIClient

from accounts.models import Upload, User
from catalog.models import Product, Sku, StockMovement
from orders.models import (
    AnomalyKind,
    Order,
    OrderPriceChange,
    PaymentAnomaly,
    Refund,
    Shipment,
)
from orders.services.anomalies import anomaly_note
from orders.services.audit import orders_audit
from orders.services.refunds import refund_request, refund_send
from orders.tests.conftest import line, paid_order, placed
from shop.api.images import image_store
from shop.api.tests.pictures import picture as picture_make
from shop.devstack.simulator.process import SimulatorProcess

CHROMIUM = Path("/usr/bin/chromium")
# Without these a browser asks its maker's hosts at each start.
QUIET = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--no-sandbox",
)
PASSWORD = "a-long-password-9"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
    # One browser at a time.
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(300),
    # Playwright keeps an event loop in this thread, in which Django sees danger.
    pytest.mark.usefixtures("_async_unsafe"),
]


@pytest.fixture(scope="module")
def _async_unsafe() -> Iterator[None]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def browser(_async_unsafe: None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


class Desk:
    """A page of the admin, with whoever sits before it logged in."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: self.faults.append(dialog.message))

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}/admin/{path}")
        self.page.wait_for_load_state("networkidle")

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"[name='{name}']", value)

    def press(self, text: str) -> None:
        self.page.get_by_role("button", name=text, exact=True).click()
        self.page.wait_for_load_state("networkidle")

    def act(self, path: str) -> None:
        """Follow an action's link; on a phone the actions are behind a button."""
        link = self.page.locator(f"a[href$='{path}']").first
        if not link.is_visible():
            self.page.get_by_text("more_horiz", exact=True).click()
        link.click()
        self.page.wait_for_load_state("networkidle")

    def fits(self) -> bool:
        """Tell whether the page needs no scrolling to the side."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth")
        return width <= self.page.viewport_size["width"]  # type: ignore[index]

    def shot(self, name: str) -> None:
        if folder := os.environ.get("SHOP_SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture
def desk(browser: Browser, shop_server: Any) -> Iterator[Desk]:
    """Log in as the owner; a script that fails, or a dialog, fails the test."""
    User.objects.create_superuser("owner", PASSWORD)
    page = browser.new_page(
        viewport=DESKTOP,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    desk = Desk(page, shop_server.url)
    desk.open("")
    desk.shot("admin-login")
    desk.fill(username="owner", password=PASSWORD)
    page.click("[type=submit]")
    page.wait_for_load_state("networkidle")
    yield desk
    page.close()
    assert desk.faults == []


def test_product_with_two_skus_and_a_picture_is_made_and_its_stock_adjusted(
    desk: Desk, api: APIClient
) -> None:
    desk.open("catalog/product/add/")
    desk.fill(name="明前龙井", description="<p>今年的<b>新茶</b></p>")
    picture = {"name": "茶.jpg", "mimeType": "image/jpeg", "buffer": picture_make()}
    desk.page.set_input_files("[name='pictures-upload']", picture)
    for row, (specs, price, stock) in enumerate(
        [("包装:罐装", "128.00", "40"), ("包装:礼盒", "268.00", "12")]
    ):
        if not desk.page.locator(f"[name='skus-{row}-specs']").count():
            desk.page.get_by_text("添加另一个 SKU").click()
        desk.fill(
            **{
                f"skus-{row}-specs": specs,
                f"skus-{row}-price": price,
                f"skus-{row}-stock": stock,
            }
        )
    desk.shot("admin-product")
    desk.press("保存")

    product = Product.objects.get()
    shown = api.get(f"/api/products/{product.pk}").json()["data"]
    assert [(sku["specs"], sku["price"], sku["stock"]) for sku in shown["skus"]] == [
        ({"包装": "罐装"}, "128.00", 40),
        ({"包装": "礼盒"}, "268.00", 12),
    ]
    assert len(shown["images"]) == 1
    assert shown["description"] == "<p>今年的<b>新茶</b></p>"
    desk.shot("admin-products")

    box = Sku.objects.get(specs={"包装": "礼盒"})
    desk.open(f"catalog/sku/{box.pk}/adjust/")
    desk.page.select_option("[name='kind']", "out")
    desk.fill(quantity="2", reason="运输破损")
    desk.shot("admin-stock")
    desk.press("确认调整")
    box.refresh_from_db()
    movement = StockMovement.objects.latest("pk")
    assert (box.stock, movement.delta, movement.balance) == (10, -2, 10)
    assert (movement.reference, str(movement.operator)) == ("运输破损", "owner")
    assert orders_audit() == []


def test_paid_order_is_shipped_in_two_parcels(
    desk: Desk, wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea, 3))["orderNo"]
    package = wechat_api.post(f"/api/orders/{order_no}/pay").json()["data"]["package"]
    assert package.startswith("prepay_id=")
    order = Order.objects.get()
    simulator.pay(order.payments.get().out_trade_no)
    item = order.items.get()

    desk.open("orders/order/")
    desk.shot("admin-orders")
    for number, quantity in (("SF1001", "1"), ("SF1002", "2")):
        desk.page.get_by_text(order_no).first.click()
        desk.page.click("a[href$='/ship/']")
        desk.fill(tracking_no=number, **{f"quantity_{item.pk}": quantity})
        desk.page.select_option("[name='carrier']", "SF")
        desk.shot("admin-ship")
        desk.press("确认发货")
        order.refresh_from_db()
        assert order.status == ("paid" if number == "SF1001" else "shipped")
        desk.shot("admin-order")
        desk.open("orders/order/")

    parcels = Shipment.objects.values_list("carrier", "tracking_no", "items__quantity")
    assert list(parcels) == [("SF", "SF1001", 1), ("SF", "SF1002", 2)]
    assert orders_audit() == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_clerk_agrees_to_the_refund_of_some_pieces(
    desk: Desk, viewport: Any, buy: Callable[[], Order], tea: Product
) -> None:
    """On a phone as well: from the list to WeChat's books."""
    order = buy()
    item = order.items.get(product=tea)
    picture = image_store(ContentFile(picture_make(), "茶.jpg"))
    Upload.objects.create(file=picture, user_id=order.user_id)
    refund = refund_request(
        order_no=order.order_no,
        user_id=order.user_id,
        reason="罐子破了",
        quantities={item.pk: 2},
        images=[picture],
    )
    desk.page.set_viewport_size(viewport)
    desk.open("orders/refund/")
    desk.shot("admin-refunds")
    desk.page.get_by_text(refund.refund_no).first.click()
    desk.page.wait_for_load_state("networkidle")
    assert desk.page.get_by_text("罐子破了").first.is_visible()
    assert desk.fits()
    desk.shot("admin-refund")
    desk.act(f"orders/refund/{refund.pk}/approve/")
    assert desk.fits()
    desk.fill(answer="抱歉,马上退款")
    desk.shot("admin-refund-approve")
    desk.press("同意退款")
    assert desk.page.get_by_text("已同意退款¥198.00,正在提交微信").is_visible()

    refund_send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert (refund.state, refund.answer) == ("processing", "抱歉,马上退款")
    assert Sku.objects.get(product=tea).stock == 9


def test_unpaid_order_is_repriced_and_paid_at_the_new_price(
    desk: Desk, wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    wechat_api.post(f"/api/orders/{order_no}/pay")
    order = Order.objects.get()
    old = order.payments.get()
    desk.open(f"orders/order/{order.pk}/change/")
    desk.page.click("a[href$='/reprice/']")
    desk.fill(freight_amount="6.00", discount_amount="15.00", reason="老顾客")
    desk.shot("admin-reprice")
    desk.press("确认改价")

    change = OrderPriceChange.objects.get()
    assert (change.old_total_amount, change.new_total_amount) == (
        Decimal("99.00"),
        Decimal("90.00"),
    )
    paid_late = simulator.call("POST", "/_sim/pay", {"outTradeNo": old.out_trade_no})
    assert paid_late.status_code == 409
    wechat_api.post(f"/api/orders/{order_no}/pay")
    simulator.pay(order.payments.latest("pk").out_trade_no)
    shown = wechat_api.get(f"/api/orders/{order_no}").json()["data"]
    assert (shown["status"], shown["totalAmount"]) == ("paid", "90.00")
    assert orders_audit() == []


def test_what_shoppers_and_clerks_typed_runs_nowhere(
    desk: Desk, shopper: User, shopper_api: APIClient, tea: Product
) -> None:
    """Written around the API's cleaning, as a hole in it would."""
    script = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    User.objects.filter(pk=shopper.pk).update(nickname=script)
    order = paid_order(shopper_api, line(tea, 2))
    refund = refund_request(
        order_no=order.order_no,
        user_id=shopper.pk,
        reason=script,
        quantities={order.items.get().pk: 1},
    )
    anomaly_note(kind=AnomalyKind.LATE, key="x", happened=script, done=script)
    anomaly = PaymentAnomaly.objects.get(happened=script)
    Product.objects.update(name=script)
    Order.objects.update(remark=script, detail=script)
    Refund.objects.update(answer=script, wechat_error=script[:64])
    order.items.update(name=script)
    for path in (
        "catalog/product/",
        f"catalog/product/{tea.pk}/change/",
        "orders/order/",
        f"orders/order/{order.pk}/change/",
        f"orders/order/{order.pk}/refund/",
        f"orders/refund/{refund.pk}/change/",
        f"orders/refund/{refund.pk}/approve/",
        "orders/paymentanomaly/",
        f"orders/paymentanomaly/{anomaly.pk}/change/",
        f"orders/paymentanomaly/{anomaly.pk}/handle/",
        "accounts/shopper/",
        f"accounts/shopper/{shopper.pk}/change/",
    ):
        desk.open(path)
        assert "onerror" in desk.page.content()


@pytest.mark.parametrize(
    "path",
    [
        *("", "orders/order/", "orders/refund/", "orders/paymentanomaly/"),
        *("catalog/product/", "catalog/product/add/", "catalog/sku/"),
    ],
)
def test_pages_fit_a_phone(desk: Desk, tea: Product, path: str) -> None:
    desk.page.set_viewport_size(PHONE)
    desk.open(path)
    assert desk.fits()
    if path == "catalog/product/add/":
        desk.shot("admin-phone")
