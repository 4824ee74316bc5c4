"""The demo shop: a small, believable one, loaded into an empty database."""

from collections.abc import Callable
from decimal import Decimal
from itertools import product as combinations

from django.db import connection, transaction

from catalog.models import Category, Product
from catalog.services.categories import category_create
from catalog.services.products import product_create
from catalog.services.skus import SkuChange
from orders.demo.coupons import demo_coupons_load
from orders.demo.freight import HEAVY, demo_freight_load
from orders.demo.goods import CATEGORIES, GOODS, Goods
from orders.demo.home import demo_home_load
from orders.demo.pictures import picture_store

# Held while loading, so that two loads at once make one shop. Any number would do.
_LOCK = 20_260_101


def demo_load(*, on_progress: Callable[[int, int], None]) -> bool:
    """Fill an empty catalogue, all or nothing; say whether it was empty.

    `on_progress` is told how many products of how many are there.
    """
    with transaction.atomic():
        catalogue_claim()
        if Product.objects.exists() or Category.objects.exists():
            return False
        categories = _categories_load()
        # The newest is shown first: load in the reverse of the order above.
        for number, goods in enumerate(reversed(GOODS), start=1):
            _goods_load(goods, categories)
            on_progress(number, len(GOODS))
        demo_coupons_load(categories=categories)
        demo_home_load(categories=categories)
    return True


def catalogue_claim() -> None:
    """Wait until no other load is under way; the claim ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _categories_load() -> dict[str, Category]:
    loaded: dict[str, Category] = {}
    for position, (name, parent, hue) in enumerate(CATEGORIES):
        loaded[name] = category_create(
            name=name,
            parent=loaded[parent] if parent else None,
            icon=picture_store(text=f"分类 {name}", hue=hue),
            position=position,
        )
    return loaded


def _goods_load(goods: Goods, categories: dict[str, Category]) -> None:
    hue = {name: hue for name, _, hue in CATEGORIES}[goods.category]
    product_create(
        fields={
            "name": goods.name,
            "description": goods.description,
            "original_price": Decimal(goods.original) if goods.original else None,
            "category_id": categories[goods.category].pk,
            "freight_template": demo_freight_load(category=goods.category),
        },
        skus=_skus(goods),
        images=[
            picture_store(text=f"{goods.name} {number}", hue=hue) for number in (1, 2)
        ],
        operator_id=None,
    )


def _skus(goods: Goods) -> list[SkuChange]:
    """Return one SKU per combination of specs; the larger may cost more."""
    names = [name for name, _ in goods.specs]
    values = [values for _, values in goods.specs]
    # Sizes cost the same; what comes in weights and numbers does not.
    step = Decimal(10) if set(names) & {"规格", "件数", "尺寸"} else Decimal(0)
    return [
        SkuChange(
            specs=dict(zip(names, combination, strict=True)),
            price=Decimal(goods.price) + step * number,
            stock=goods.stock,
            weight_grams=HEAVY.get(goods.category, 0),
        )
        for number, combination in enumerate(combinations(*values))
    ]
