"""POST /api/orders/preview: the order's price, and nothing written."""

from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from accounts.models import Address, User
from catalog.models import Product, Sku
from orders.tests.conftest import ADDRESS, line, placed, written


def preview(api: APIClient, *lines: dict[str, Any], **fields: Any) -> Any:
    return api.post(
        "/api/orders/preview", {"items": list(lines), **fields}, format="json"
    )


def test_preview_prices_merged_lines_and_writes_nothing(
    shopper_api: APIClient,
    product_make: Callable[..., Product],
    settings: Any,
) -> None:
    picture = f"uploads/202611/{'a' * 32}.jpg"
    tea = product_make("龙井茶", image=picture)
    cup = product_make("茶杯", price="25.50")
    before = written()
    response = preview(shopper_api, line(tea, 1), line(cup, 1), line(tea, 1))
    assert response.status_code == 200
    assert response.json()["data"] == {
        "items": [
            {
                "productId": tea.pk,
                "skuId": Sku.objects.get(product=tea).pk,
                "name": "龙井茶",
                "specs": {},
                "price": "99.00",
                "quantity": 2,
                "amount": "198.00",
                "image": f"{settings.PUBLIC_URL}/media/{picture}",
            },
            {
                "productId": cup.pk,
                "skuId": Sku.objects.get(product=cup).pk,
                "name": "茶杯",
                "specs": {},
                "price": "25.50",
                "quantity": 1,
                "amount": "25.50",
                "image": "",
            },
        ],
        "goodsAmount": "223.50",
        "freightAmount": "0.00",
        "discountAmount": "0.00",
        "totalAmount": "223.50",
        "couponId": None,
        "coupons": [],
    }
    assert written() == before


def test_preview_and_order_agree(
    shopper_api: APIClient, tea: Product, two_skus: tuple[Product, Sku, Sku]
) -> None:
    shirt, _, large = two_skus
    lines = [line(tea, 3), {"productId": shirt.pk, "skuId": large.pk, "quantity": 2}]
    quote = preview(shopper_api, *lines).json()["data"]
    order = placed(shopper_api, *lines)
    for name in ("goodsAmount", "freightAmount", "discountAmount", "totalAmount"):
        assert quote[name] == order[name]
    assert quote["totalAmount"] == "417.00"


def test_preview_refuses_what_the_order_would_refuse(
    shopper_api: APIClient, tea: Product
) -> None:
    short = preview(shopper_api, line(tea, 11))
    assert (short.status_code, short.json()["data"]["error"]) == (
        409,
        "insufficient_stock",
    )
    gone = preview(shopper_api, {"productId": 10**9, "quantity": 1})
    assert (gone.status_code, gone.json()["data"]["error"]) == (409, "not_on_sale")
    empty = preview(shopper_api)
    assert (empty.status_code, empty.json()["message"]) == (400, "商品不能为空")


def test_preview_takes_an_address_or_none(
    shopper_api: APIClient, shopper: User, other_shopper: User, tea: Product
) -> None:
    own = Address.objects.create(user=shopper, **ADDRESS)
    foreign = Address.objects.create(user=other_shopper, **ADDRESS)
    assert preview(shopper_api, line(tea), addressId=own.pk).status_code == 200
    assert preview(shopper_api, line(tea), address=ADDRESS).status_code == 200
    assert preview(shopper_api, line(tea), addressId=foreign.pk).status_code == 404


def test_preview_asks_four_statements_whatever_the_lines(
    shopper_api: APIClient,
    product_make: Callable[..., Product],
    django_assert_num_queries: Any,
) -> None:
    products = [product_make(f"商品{n}") for n in range(50)]
    with django_assert_num_queries(4):
        assert preview(shopper_api, *map(line, products)).status_code == 200


def test_only_shoppers_preview(
    api: APIClient, staff_api: APIClient, tea: Product
) -> None:
    assert preview(api, line(tea)).status_code == 401
    assert preview(staff_api, line(tea)).status_code == 403
