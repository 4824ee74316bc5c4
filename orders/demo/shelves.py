"""What the demo's shoppers have marked, looked at and put into their carts."""

from random import Random

from django.db import transaction

from accounts.models import User
from catalog.models import Product, Sku
from catalog.services.favorites import favorite_add
from catalog.services.footprints import footprint_add
from orders.models import CartItem
from orders.services.cart import cart_add

_SEEN, _MARKED, _WANTED = 6, 3, 2


@transaction.atomic
def demo_shelves_load() -> None:
    """Fill the carts of the demo's shoppers, if there are none.

    They mark some of what they have seen, and want some of that.
    """
    if CartItem.objects.exists():
        return
    products = Product.objects.on_sale().order_by("pk").values_list("pk", flat=True)
    for shopper in User.objects.filter(openid__startswith="demo-").order_by("pk"):
        chance = Random(shopper.pk)  # nosec B311 # noqa: S311 - a demo that is made alike again
        seen = chance.sample([*products], min(_SEEN, len(products)))
        for product_id in seen:
            footprint_add(user_id=shopper.pk, product_id=product_id)
        for product_id in seen[:_MARKED]:
            favorite_add(user_id=shopper.pk, product_id=product_id)
        wanted = Sku.objects.active().filter(product__in=seen[:_WANTED], stock__gt=0)
        for sku in wanted.distinct("product").order_by("product", "position"):
            cart_add(user_id=shopper.pk, sku_id=sku.pk, quantity=1)
