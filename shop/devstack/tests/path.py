"""What a shopper does, from the home page to the money that comes back."""

from pathlib import Path

from conftest import wait_until

from .mini_program import Office, Phone
from .stack_process import StackProcess

ADDRESS = {
    "name": "张三",
    "phone": "13800138000",
    "province": "广东省",
    "city": "深圳市",
    "district": "南山区",
    "detail": "科技园1号",
}


def path_walk(running: StackProcess, folder: Path) -> None:
    """Take every step over HTTP, as the mini-program and the back office do."""
    phone = Phone(running)
    home = phone.get("/api/home")
    assert [one["title"] for one in home["sections"]][:1] == ["掌柜推荐"]
    word = phone.get("/api/search/hot")["list"][0]["keyword"]
    assert word == "龙井"
    suggested = phone.get("/api/search/suggest", keyword="龙")["list"]
    assert [one["keyword"] for one in suggested] == [word, "明前龙井茶 50g"]

    phone.login("walker")
    phone.post("/api/search/history", 201, keyword=word)
    [found] = phone.get("/api/products", keyword=word)["list"]
    product = phone.get(f"/api/products/{found['id']}")
    [sku] = product["skus"]
    phone.post("/api/footprints", 201, productId=product["id"])
    line = phone.post("/api/cart", 201, skuId=sku["id"], quantity=2)
    assert phone.get("/api/cart")["selectedAmount"] == "198.00"

    [coupon] = [
        one
        for one in phone.get("/api/coupons")["list"]
        if one["title"] == "新人立减10元"
    ]
    phone.post(f"/api/coupons/{coupon['id']}/claim", 201)
    address = phone.post("/api/addresses", 201, **ADDRESS)
    wish = {name: line[name] for name in ("productId", "skuId", "quantity")}
    wanted = {"items": [wish], "addressId": address["id"]}
    quote = phone.post("/api/orders/preview", **wanted)
    assert quote["couponId"] == coupon["id"]
    assert (quote["goodsAmount"], quote["discountAmount"]) == ("198.00", "10.00")
    order = phone.post(
        "/api/orders", 201, **wanted, couponId=coupon["id"], fromCart=True
    )
    assert order["totalAmount"] == quote["totalAmount"]
    assert phone.get("/api/cart")["list"] == []
    number = order["orderNo"]
    phone.pay(number)
    assert phone.get(f"/api/orders/{number}")["status"] == "paid"

    office = Office(running, *(folder / "staff.txt").read_text().split())
    page = office.found("orders/order", number)
    office.fill(f"{page}/ship/", carrier="SF", tracking_no="SF1234567890")
    shipped = phone.get(f"/api/orders/{number}")
    assert (shipped["status"], len(shipped["shipments"])) == ("shipped", 1)
    assert phone.post(f"/api/orders/{number}/confirm")["status"] == "completed"

    said = {"itemId": order["items"][0]["id"], "rating": 5, "content": "豆香清雅"}
    phone.post(f"/api/orders/{number}/reviews", 201, **said)
    path = f"/api/products/{product['id']}/reviews"
    # The worker has WeChat judge the text before others read it.
    wait_until(
        lambda: "豆香清雅" in [one["content"] for one in phone.get(path)["list"]]
    )

    refund = phone.post(f"/api/orders/{number}/refunds", 201, reason="不想要了")
    assert refund["amount"] == order["totalAmount"]
    page = office.found("orders/refund", refund["refundNo"])
    office.fill(f"{page}/approve/")
    path = f"/api/refunds/{refund['refundNo']}"
    # The worker asks WeChat, which tells the shop.
    wait_until(lambda: phone.get(path)["status"] == "succeeded")
    assert phone.get("/api/orders/counts")["completed"] == 1
