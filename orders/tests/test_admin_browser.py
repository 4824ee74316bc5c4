"""What staff do each day, in a real browser: from login to repriced order."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
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
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def test_owner_logs_in_by_the_form(office: Office) -> None:
    office.page.context.clear_cookies()
    office.open("")
    office.shot("admin-login")
    office.fill(username="owner", password="a-long-password-9")
    with office.page.expect_navigation():
        office.page.click("[type=submit]")
    assert office.page.get_by_role("link", name="订单", exact=False).first.is_visible()


def test_product_with_two_skus_and_a_picture_is_made_and_its_stock_adjusted(
    office: Office, api: APIClient
) -> None:
    office.open("catalog/product/add/")
    office.page.get_by_text("直接修改HTML").click()
    office.fill(name="明前龙井", description="<p>今年的<b>新茶</b></p>")
    picture = {"name": "茶.jpg", "mimeType": "image/jpeg", "buffer": picture_make()}
    office.page.set_input_files("[name='pictures-upload']", picture)
    for row, (specs, price, stock) in enumerate(
        [("包装:罐装", "128.00", "40"), ("包装:礼盒", "268.00", "12")]
    ):
        if not office.page.locator(f"[name='skus-{row}-specs']").count():
            office.page.get_by_text("添加另一个 SKU").click()
        office.fill(
            **{
                f"skus-{row}-specs": specs,
                f"skus-{row}-price": price,
                f"skus-{row}-stock": stock,
            }
        )
    office.shot("admin-product")
    office.press("保存")

    product = Product.objects.get()
    shown = api.get(f"/api/products/{product.pk}").json()["data"]
    assert [(sku["specs"], sku["price"], sku["stock"]) for sku in shown["skus"]] == [
        ({"包装": "罐装"}, "128.00", 40),
        ({"包装": "礼盒"}, "268.00", 12),
    ]
    assert len(shown["images"]) == 1
    assert shown["description"] == "<p>今年的<b>新茶</b></p>"
    office.shot("admin-products")

    box = Sku.objects.get(specs={"包装": "礼盒"})
    office.open(f"catalog/sku/{box.pk}/adjust/")
    office.page.select_option("[name='kind']", "out")
    office.fill(quantity="2", reason="运输破损")
    office.shot("admin-stock")
    office.press("确认调整")
    box.refresh_from_db()
    movement = StockMovement.objects.latest("pk")
    assert (box.stock, movement.delta, movement.balance) == (10, -2, 10)
    assert (movement.reference, str(movement.operator)) == ("运输破损", "owner")
    assert orders_audit() == []


def test_paid_order_is_shipped_in_two_parcels(
    office: Office, wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea, 3))["orderNo"]
    package = wechat_api.post(f"/api/orders/{order_no}/pay").json()["data"]["package"]
    assert package.startswith("prepay_id=")
    order = Order.objects.get()
    simulator.pay(order.payments.get().out_trade_no)
    item = order.items.get()

    office.open("orders/order/")
    office.shot("admin-orders")
    for number, quantity in (("SF1001", "1"), ("SF1002", "2")):
        office.follow(f"a:has-text('{order_no}')")
        office.act("/ship/")
        office.fill(tracking_no=number, **{f"quantity_{item.pk}": quantity})
        office.page.select_option("[name='carrier']", "SF")
        office.shot("admin-ship")
        office.press("确认发货")
        order.refresh_from_db()
        assert order.status == ("paid" if number == "SF1001" else "shipped")
        office.shot("admin-order")
        office.open("orders/order/")

    parcels = Shipment.objects.values_list("carrier", "tracking_no", "items__quantity")
    assert list(parcels) == [("SF", "SF1001", 1), ("SF", "SF1002", 2)]
    assert orders_audit() == []


def test_clerk_agrees_to_the_refund_of_some_pieces(
    office: Office, buy: Callable[[], Order], tea: Product
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
    office.open("orders/refund/")
    office.shot("admin-refunds")
    office.follow(f"a:has-text('{refund.refund_no}')")
    assert office.page.get_by_text("罐子破了").first.is_visible()
    assert office.fits()
    office.shot("admin-refund")
    office.act(f"orders/refund/{refund.pk}/approve/")
    assert office.fits()
    office.fill(answer="抱歉,马上退款")
    office.shot("admin-refund-approve")
    office.press("同意退款")
    assert office.page.get_by_text("已同意退款¥198.00,正在提交微信").is_visible()

    refund_send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert (refund.state, refund.answer) == ("processing", "抱歉,马上退款")
    assert Sku.objects.get(product=tea).stock == 9


def test_unpaid_order_is_repriced_and_paid_at_the_new_price(
    office: Office, wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    wechat_api.post(f"/api/orders/{order_no}/pay")
    order = Order.objects.get()
    old = order.payments.get()
    office.open(f"orders/order/{order.pk}/change/")
    office.act("/reprice/")
    office.fill(freight_amount="6.00", discount_amount="15.00", reason="老顾客")
    office.shot("admin-reprice")
    office.press("确认改价")

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
    office: Office, shopper: User, shopper_api: APIClient, tea: Product
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
        office.open(path)
        assert "onerror" in office.page.content()


@pytest.mark.parametrize(
    "path",
    [
        *("", "orders/order/", "orders/refund/", "orders/paymentanomaly/"),
        *("catalog/product/", "catalog/product/add/", "catalog/sku/"),
    ],
)
def test_pages_fit_every_screen(office: Office, tea: Product, path: str) -> None:
    office.everywhere(path)
