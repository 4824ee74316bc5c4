"""Every route once, in an order in which each succeeds: a shopper's and staff's day."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from django.utils import timezone

from accounts.models import User
from accounts.services import session_open
from catalog.models import Category, Product
from catalog.services.banners import banner_create
from catalog.services.flash_sales import flash_sale_create
from catalog.services.home_sections import home_section_create
from catalog.services.search_words import search_word_create
from catalog.tests.flash_sales import line, terms
from orders.models import Order, Payment, Refund
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_agree_return, refund_reject
from orders.services.reviews import review_publish
from orders.tests.conftest import ADDRESS
from orders.tests.coupons.making import coupon_made


class Call(Protocol):
    """Send a request to `METHOD /path/{id}`; return the data of its success."""

    def __call__(
        self, route: str, sample: str = "", token: str = "", **options: Any
    ) -> Any:
        """Take the id's sample, and `json`, `files` and `params` as requests does."""


def path_of(route: str, sample: str) -> tuple[str, str]:
    """Return the method and the path with the sample in its place."""
    method, _, path = route.partition(" ")
    return method, re.sub(r"\{\w+\}", sample, path)


@dataclass(frozen=True)
class Shop:
    """What must be there before: staff, a picture, a way to pay."""

    staff: User
    tea: Product
    picture: bytes
    pay: Callable[[Payment], Any]


def tea_make(product_make: Callable[..., Product]) -> Product:
    """Make what is bought, in a category below another."""
    parent = Category.objects.create(name="茶")
    Category.objects.create(name="绿茶", parent=parent)
    return product_make(category=parent, stock=100)


def home_fill(product: Product) -> None:
    """Put one of everything on the home page, and a word that finds the product."""
    banner = {"title": "新茶", "image": "uploads/a.jpg", "target_kind": "product"}
    banner_create(fields=banner | {"product": product}, operator_id=None)
    section = {"title": "精选", "kind": "chosen"}
    home_section_create(fields=section, product_ids=[product.pk], operator_id=None)
    search_word_create(fields={"word": "龙井", "kind": "hot"}, operator_id=None)


def public_ask(call: Call, tea: Product) -> None:
    """Ask for what everybody may see."""
    call("GET /api/config")
    call("GET /api/categories")
    home_fill(tea)
    call("GET /api/home")
    now = timezone.now()
    when = {"starts_at": now, "ends_at": now + timedelta(hours=1)}
    flash_sale_create(**terms(line(tea.skus.get()), **when))
    call("GET /api/flash-sales")
    call("GET /api/search/hot")
    call("GET /api/search/suggest", params={"keyword": "茶"})
    call("GET /api/products")
    call("GET /api/products/{id}", str(tea.pk))


def account_ask(call: Call, me: str, picture: bytes) -> str:
    """Fill in the account; return the URL of a picture."""
    call("GET /api/auth/user", token=me)
    for method in ("PUT", "PATCH"):
        call(f"{method} /api/auth/user", token=me, json={"nickname": "小明"})
    call("POST /api/auth/phone", token=me, json={"code": "simphone-13800138000"})
    call("POST /api/auth/avatar", token=me, files={"file": picture})
    sent = call("POST /api/uploads", token=me, files={"file": picture})
    return str(sent["url"])


def addresses_ask(call: Call, me: str) -> str:
    """Fill the address book; return the id of an address."""
    home = str(call("POST /api/addresses", token=me, json=ADDRESS)["id"])
    call("GET /api/addresses", token=me)
    pasted = {"text": "张三 13800138000 广东深圳南山区科技园1号"}
    call("POST /api/addresses/parse", token=me, json=pasted)
    call("GET /api/addresses/{id}", home, me)
    for method in ("PUT", "PATCH"):
        call(f"{method} /api/addresses/{{id}}", home, me, json={"isDefault": True})
    return home


def marks_ask(call: Call, me: str, tea: Product) -> None:
    """Leave words, marks and footprints, and take them away."""
    word = call("POST /api/search/history", token=me, json={"keyword": "龙井"})["id"]
    call("GET /api/search/history", token=me)
    call("DELETE /api/search/history/{id}", str(word), me)
    call("DELETE /api/search/history", token=me)
    looked_at = {"productId": tea.pk}
    for name in ("favorites", "footprints"):
        call(f"POST /api/{name}", token=me, json=looked_at)
        call(f"GET /api/{name}", token=me)
    call("GET /api/favorites/{productId}", str(tea.pk), me)
    call("DELETE /api/favorites/{productId}", str(tea.pk), me)
    call("DELETE /api/footprints/{productId}", str(tea.pk), me)
    call("DELETE /api/footprints", token=me)


def coupons_ask(call: Call, me: str) -> None:
    """Claim a coupon."""
    coupon = str(coupon_made().pk)
    call("GET /api/coupons")
    call("GET /api/coupons", token=me)
    call("POST /api/coupons/{id}/claim", coupon, me)
    call("GET /api/coupons/mine", token=me)


def cart_ask(call: Call, me: str, tea: Product) -> None:
    """Fill the cart, and empty it."""
    wanted = {"skuId": tea.skus.get().pk, "quantity": 2}
    item = str(call("POST /api/cart", token=me, json=wanted)["id"])
    call("PATCH /api/cart/{id}", item, me, json={"quantity": 1})
    call("POST /api/cart/select", token=me, json={"selected": True})
    call("GET /api/cart", token=me)
    call("GET /api/cart/count", token=me)
    call("DELETE /api/cart/gone", token=me)
    call("DELETE /api/cart/{id}", item, me)
    call("DELETE /api/cart/selected", token=me)


def order_ask(call: Call, me: str, order: dict[str, Any]) -> None:
    """Place an order and cancel it."""
    call("POST /api/orders/preview", token=me, json=order)
    number = call("POST /api/orders", token=me, json=order)["orderNo"]
    call("POST /api/orders/{orderNo}/pay", number, me)
    call("POST /api/orders/{orderNo}/cancel", number, me, json={"reason": "不要了"})
    call("GET /api/orders/{orderNo}", number, me)
    call("GET /api/orders", token=me)
    call("GET /api/orders/counts", token=me)
    call("POST /api/orders/{orderNo}/buy-again", number, me)
    call("DELETE /api/orders/{orderNo}", number, me)


def refunds_ask(call: Call, me: str, row: Order, url: str, staff: User) -> None:
    """Ask for money, then send goods back; the order is shipped in between."""
    wish = {"items": [{"itemId": row.items.get().pk, "quantity": 1}], "images": [url]}
    asked = call(
        "POST /api/orders/{orderNo}/refunds",
        row.order_no,
        me,
        json={"reason": "破损", **wish},
    )["refundNo"]
    call("GET /api/orders/{orderNo}/refunds", row.order_no, me)
    call("GET /api/refunds", token=me)
    call("GET /api/refunds/{refundNo}", asked, me)
    call("POST /api/refunds/{refundNo}/withdraw", asked, me)
    call("POST /api/orders/{orderNo}/remind", row.order_no, me)
    order_ship(order_id=row.pk, carrier="SF", tracking_no="SF1001", operator_id=None)
    call("GET /api/orders/{orderNo}/logistics", row.order_no, me)
    asked = call(
        "POST /api/orders/{orderNo}/refunds",
        row.order_no,
        me,
        json={"reason": "破损", "type": "return", **wish},
    )["refundNo"]
    refund = Refund.objects.get(refund_no=asked)
    refund_agree_return(refund_id=refund.pk, operator_id=staff.pk, address="二号仓")
    parcel = {"carrier": "ZTO", "trackingNo": "ZT1001"}
    call("POST /api/refunds/{refundNo}/return", asked, me, json=parcel)
    refund_reject(refund_id=refund.pk, operator_id=staff.pk, answer="不是我们的商品")


def reviews_ask(call: Call, me: str, row: Order, url: str, staff: User) -> None:
    """Confirm the receipt, and review what has come."""
    call("POST /api/orders/{orderNo}/confirm", row.order_no, me)
    said = {"content": "茶很香", "images": [url]}
    sent = {"itemId": row.items.get().pk, "rating": 5, **said}
    written = call("POST /api/orders/{orderNo}/reviews", row.order_no, me, json=sent)
    which = {"review_id": written["id"], "operator_id": staff.pk}
    review_publish(**which)
    call("POST /api/reviews/{id}/append", str(written["id"]), me, json=said)
    review_publish(**which, is_append=True)
    call("GET /api/orders/{orderNo}/reviews", row.order_no, me)
    call("GET /api/reviews", token=me)
    call("GET /api/products/{id}/reviews", str(row.items.get().product_id))
    call("GET /api/products/{id}", str(row.items.get().product_id))


def products_ask(call: Call, staff: User, url: str) -> None:
    """Let staff make, change and delete a product."""
    boss = session_open(user=staff).token
    product = {"name": "杯", "price": "9.90", "stock": 3, "images": [url]}
    cup = str(call("POST /api/products", token=boss, json=product)["id"])
    for method in ("PUT", "PATCH"):
        call(f"{method} /api/products/{{id}}", cup, boss, json={"stock": 5})
    call("DELETE /api/products/{id}", cup, boss)
    password = {"username": "boss", "password": "a-long-password-9"}
    call("POST /api/auth/staff/login", json=password)


def every_route(call: Call, shop: Shop) -> None:
    """Ask each route once; every one of the contract is among them."""
    login = call("POST /api/auth/login", json={"code": "sim-a"})
    pair = call("POST /api/auth/refresh", json={"refreshToken": login["refreshToken"]})
    me = pair["token"]
    public_ask(call, shop.tea)
    url = account_ask(call, me, shop.picture)
    home = addresses_ask(call, me)
    marks_ask(call, me, shop.tea)
    coupons_ask(call, me)
    cart_ask(call, me, shop.tea)
    items = [{"productId": shop.tea.pk, "quantity": 2}]
    order = {"items": items, "addressId": int(home)}
    order_ask(call, me, order)
    shipped = call("POST /api/orders", token=me, json=order)["orderNo"]
    call("POST /api/orders/{orderNo}/pay", shipped, me)
    row = Order.objects.get(order_no=shipped)
    shop.pay(row.payments.get())
    refunds_ask(call, me, row, url, shop.staff)
    reviews_ask(call, me, row, url, shop.staff)
    products_ask(call, shop.staff, url)
    call("GET /api/auth/user/export", token=me)
    call("DELETE /api/addresses/{id}", home, me)
    call("DELETE /api/auth/user", token=me, json={"code": "sim-a"})
    other = call("POST /api/auth/login", json={"code": "sim-b"})
    call("POST /api/auth/logout", json={"refreshToken": other["refreshToken"]})
