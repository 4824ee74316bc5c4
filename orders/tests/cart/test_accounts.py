"""The cart, marks and footprints are handed out, and go with the account."""

import pytest
from rest_framework.test import APIClient

from accounts.errors import UserNotFound
from accounts.models import User
from catalog.models import Favorite, Footprint, Sku
from catalog.services.favorites import favorite_add
from catalog.services.footprints import footprint_add
from orders.models import CartItem
from orders.services.accounts import account_delete, account_export
from orders.services.cart import cart_add

from .filling import add


def test_what_is_a_shoppers_own_is_exported_and_goes_with_the_account(
    transactional_db: None, shopper: User, shopper_api: APIClient, sku: Sku
) -> None:
    add(shopper_api, sku, 2, HTTP_IDEMPOTENCY_KEY="tap-1")
    [line] = account_export(user=shopper)["cart"]
    assert line.pop("createdAt") <= line.pop("updatedAt")
    assert line == {
        "skuId": sku.pk,
        "name": "龙井茶",
        "specs": {},
        "quantity": 2,
        "selected": True,
        "priceAdded": "99.00",
        "idempotencyKey": "tap-1",
    }
    favorite_add(user_id=shopper.pk, product_id=sku.product_id)
    footprint_add(user_id=shopper.pk, product_id=sku.product_id)
    told = account_export(user=shopper)
    for name, moment in (("favorites", "createdAt"), ("footprints", "seenAt")):
        [row] = told[name]
        assert row.pop(moment)
        assert row == {"productId": sku.product_id, "name": "龙井茶"}
    account_delete(user_id=shopper.pk)
    for model in (CartItem, Favorite, Footprint):
        assert model.objects.count() == 0
    # As a request would that was let in before.
    with pytest.raises(UserNotFound):
        cart_add(user_id=shopper.pk, sku_id=sku.pk, quantity=1)
    assert CartItem.objects.count() == 0
