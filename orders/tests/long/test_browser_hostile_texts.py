"""Scripts that shoppers and strangers write, and staff read in a real browser."""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect
from rest_framework.test import APIClient

from accounts.models import LoginFailure, User
from catalog.models import Product
from catalog.services.categories import category_create
from orders.models import Order, Review
from orders.tests.conftest import ADDRESS, paid
from orders.tests.coupons.making import coupon_made
from orders.tests.refunding import asked, completed_order
from orders.tests.reviews.reviewing import reviewed
from shop.tests.browser import MARKS, Office
from torture.findings import findings_record

pytestmark = MARKS

# Out of a text of JavaScript, an attribute, an element; plain, and escaped once.
SCRIPT = (
    "'-__xss()-'\" autofocus onfocus=__xss() x=\"><img src=x onerror=__xss()>"
    "&lt;svg onload=__xss()&gt;"
)
HTML = (
    f"<p onclick=__xss()>{SCRIPT}</p><script>__xss()</script>"
    "<a href='java&Tab;script:__xss()'>看</a>"
)
WATCH = "window.__xss = () => console.error('a text ran')"
HOSTILE_ADDRESS = ADDRESS | {"name": SCRIPT[:20], "detail": SCRIPT}


def sent(api: APIClient, method: str, path: str, **body: Any) -> Any:
    answer = getattr(api, method)(path, body, format="json")
    assert answer.status_code in {200, 201}, answer.content
    return answer.json()["data"]


@pytest.fixture
def failure(db: None) -> LoginFailure:
    """A login that failed, in a browser with a hostile name, from no address at all."""
    names = ("User-Agent", "X-Forwarded-For", "Accept")
    form = {"username": SCRIPT, "password": SCRIPT, "next": SCRIPT}
    page = Client(headers=dict.fromkeys(names, SCRIPT)).post("/admin/login/", form)
    assert page.status_code == 200
    return LoginFailure.objects.get()


@pytest.fixture
def product(staff_api: APIClient) -> Product:
    """A product that staff have written, and written again."""
    body = {
        "name": SCRIPT[:90],
        "description": HTML,
        "category": category_create(name=SCRIPT[:40]).pk,
        "skus": [{"specs": {SCRIPT[:20]: SCRIPT[:20]}, "price": "9.00", "stock": 9}],
    }
    product_id = sent(staff_api, "post", "/api/products", **body)["id"]
    sent(staff_api, "patch", f"/api/products/{product_id}", name=f"新{SCRIPT}"[:90])
    return Product.objects.get()


@pytest.fixture
def order(shopper_api: APIClient, product: Product) -> Order:
    """An order that waits for its parcel, of a shopper who writes wherever one may."""
    sent(shopper_api, "put", "/api/auth/user", nickname=SCRIPT[:30])
    sent(shopper_api, "post", "/api/addresses", **HOSTILE_ADDRESS)
    sent(shopper_api, "post", "/api/search/history", keyword=SCRIPT[:40])
    wanted = {
        "productId": product.pk,
        "skuId": product.skus.get().pk,
        "quantity": 1,
    }
    reviewed(shopper_api, completed_order(shopper_api, wanted), content=SCRIPT)
    lines = {"items": [wanted], "address": HOSTILE_ADDRESS, "remark": SCRIPT}
    order_no = sent(shopper_api, "post", "/api/orders", **lines)["orderNo"]
    return paid(Order.objects.get(order_no=order_no))


def test_no_text_runs_where_staff_read_it(
    office: Office,
    failure: LoginFailure,
    product: Product,
    order: Order,
    shopper: User,
    shopper_api: APIClient,
) -> None:
    asked(shopper_api, order, reason=SCRIPT)
    coupon_made(title=SCRIPT[:40])
    office.page.add_init_script(WATCH)
    paths = (
        f"accounts/loginfailure/{failure.pk}/change/",
        "accounts/shopper/",
        f"accounts/shopper/{shopper.pk}/change/",
        "catalog/category/",
        "catalog/product/",
        f"catalog/product/{product.pk}/change/",
        f"catalog/product/{product.pk}/history/",
        f"catalog/product/{product.pk}/preview/",
        "orders/coupon/",
        "orders/order/",
        f"orders/order/{order.pk}/change/",
        f"orders/order/packing/?ids={order.pk}",
        "orders/refund/",
        f"orders/review/{Review.objects.get().pk}/change/",
    )
    for path in paths:
        office.open(path)
        assert "__xss()" in office.page.content(), path
        assert office.faults == [], path
    found_and_kept_by_the_search_box(office)
    findings_record(
        "scripts_as_texts",
        part="api",
        rows=[
            {
                "written": "through the API, the services and a failed login",
                "pages opened": len(paths),
                "pages that show it": len(paths),
                "complaints of the browser": len(office.faults),
            }
        ],
    )


def found_and_kept_by_the_search_box(office: Office) -> None:
    """Look for the product, follow it, and see it among what was looked for before."""
    office.open("")
    for word in ("'-__xss()", ""):
        office.page.keyboard.press("Control+k")
        box = office.page.locator("#search-input-command")
        box.press_sequentially(word)
        if word:
            expect(office.page.locator("#command-results-list li")).not_to_have_count(0)
            with office.page.expect_navigation(wait_until="load"):
                office.page.keyboard.press("Enter")
    expect(office.page.get_by_text("__xss()").first).to_be_visible()
