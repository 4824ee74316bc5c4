"""The next one to ask sees what staff have committed, by whatever way they wrote it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import (
    Banner,
    Category,
    HomeSection,
    Product,
    ProductStatus,
    SearchWord,
    Sku,
)
from catalog.services.banners import banner_create, banner_delete, banner_update
from catalog.services.categories import (
    categories_arrange,
    category_create,
    category_delete,
    category_update,
)
from catalog.services.home_sections import (
    home_section_create,
    home_section_delete,
    home_section_update,
)
from catalog.services.products import (
    product_create,
    product_delete,
    product_update,
    products_set_status,
)
from catalog.services.search_words import (
    search_word_create,
    search_word_delete,
    search_word_update,
)
from catalog.services.skus import SkuChange
from catalog.services.stock import Adjustment, stock_adjust, stocks_adjust
from catalog.tree import category_walk, tree_version
from conftest import PATIENCE_SECONDS, alone

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Shelf:
    """What there is: a product of one SKU in a category, and a category besides.

    The home page has a banner and a section, and there is a hot word.
    """

    product: Product
    sku: Sku
    tea: Category
    cups: Category
    banner: Banner
    section: HomeSection
    word: SearchWord


BANNER = {"title": "新茶", "image": "uploads/a.jpg", "target_kind": "nothing"}
SECTION = {"title": "新品", "kind": "newest"}
WORD = {"word": "龙井", "kind": "hot"}


@pytest.fixture
def shelf(product_make: Callable[..., Product]) -> Shelf:
    tea, cups = category_create(name="茶"), category_create(name="杯")
    product = product_make("龙井茶", category=tea, stock=10)
    return Shelf(
        product,
        product.skus.get(),
        tea,
        cups,
        banner_create(fields=BANNER, operator_id=None),
        home_section_create(fields=SECTION, operator_id=None),
        search_word_create(fields=WORD, operator_id=None),
    )


def update(shelf: Shelf, **changes: Any) -> None:
    known: dict[str, Any] = {"fields": {}, "operator_id": None} | changes
    product_update(product_id=shelf.product.pk, **known)


def rename(shelf: Shelf) -> None:
    facts = {"name": "绿茶", "parent": None, "icon": "uploads/a.jpg", "position": 0}
    category_update(category_id=shelf.tea.pk, **facts)


def arrange(shelf: Shelf) -> None:
    version = tree_version([row for row, _ in category_walk()])
    places = [(shelf.cups.pk, None), (shelf.tea.pk, shelf.cups.pk)]
    categories_arrange(places=places, expected_version=version, operator_id=None)


def create(shelf: Shelf) -> None:
    skus = [SkuChange(specs={}, price=Decimal(5), stock=1)]
    product_create(fields={"name": "杯"}, skus=skus, operator_id=None)


def status_set(shelf: Shelf) -> None:
    products_set_status(product_ids=[shelf.product.pk], status=ProductStatus.OFF_SALE)


def skus_set(shelf: Shelf) -> None:
    update(
        shelf,
        skus=[
            SkuChange(id=shelf.sku.pk, specs={"色": "红"}),
            SkuChange(specs={"色": "蓝"}, price=Decimal(7), stock=2),
        ],
    )


def adjust(shelf: Shelf) -> None:
    stock_adjust(sku_id=shelf.sku.pk, delta=-3, note="盘点", operator_id=None)


def adjust_many(shelf: Shelf) -> None:
    line = Adjustment(sku_id=shelf.sku.pk, delta=4)
    stocks_adjust(adjustments=[line], note="盘点", operator_id=None)


def banner_rename(shelf: Shelf) -> None:
    fields = BANNER | {"title": "春茶"}
    banner_update(banner_id=shelf.banner.pk, fields=fields, operator_id=None)


def section_rename(shelf: Shelf) -> None:
    home_section_update(
        section_id=shelf.section.pk,
        fields=SECTION | {"title": "春茶"},
        product_ids=[],
        operator_id=None,
    )


def word_pin(shelf: Shelf) -> None:
    fields = WORD | {"is_pinned": True}
    search_word_update(word_id=shelf.word.pk, fields=fields, operator_id=None)


LIST, TREE, HOME = "/api/products", "/api/categories", "/api/home"
HOT, SUGGESTIONS = "/api/search/hot", "/api/search/suggest?keyword=茶"
DETAIL = "/api/products/{pk}"
EDITS: dict[str, tuple[str, Callable[[Shelf], object]]] = {
    "a new product": (LIST, create),
    "its name": (DETAIL, lambda shelf: update(shelf, fields={"name": "茶"})),
    "its pictures": (DETAIL, lambda shelf: update(shelf, images=["uploads/a.jpg"])),
    "its price": (
        LIST,
        lambda shelf: update(shelf, only_sku=SkuChange(price=Decimal(8))),
    ),
    "its stock": (DETAIL, lambda shelf: update(shelf, only_sku=SkuChange(stock=3))),
    "its SKUs": (DETAIL, skus_set),
    "off sale": (LIST, status_set),
    "deleted": (LIST, lambda shelf: product_delete(product_id=shelf.product.pk)),
    "stock by hand": (DETAIL, adjust),
    "stocks by hand": (LIST, adjust_many),
    "a new category": (TREE, lambda shelf: category_create(name="壶")),
    "a category's name": (DETAIL, rename),
    "a category's icon": (TREE, rename),
    "the tree": (TREE, arrange),
    "one category less": (
        TREE,
        lambda shelf: category_delete(category_id=shelf.cups.pk),
    ),
    "a product on the home page": (HOME, create),
    "a new banner": (HOME, lambda _: banner_create(fields=BANNER, operator_id=None)),
    "a banner's title": (HOME, banner_rename),
    "one banner less": (
        HOME,
        lambda shelf: banner_delete(banner_id=shelf.banner.pk, operator_id=None),
    ),
    "a new section": (
        HOME,
        lambda _: home_section_create(fields=SECTION, operator_id=None),
    ),
    "a section's title": (HOME, section_rename),
    "one section less": (
        HOME,
        lambda shelf: home_section_delete(
            section_id=shelf.section.pk, operator_id=None
        ),
    ),
    "a new word": (
        HOT,
        lambda _: search_word_create(fields=WORD | {"word": "茶"}, operator_id=None),
    ),
    "a pinned word": (HOT, word_pin),
    "one word less": (
        SUGGESTIONS.replace("茶", "龙"),
        lambda shelf: search_word_delete(word_id=shelf.word.pk, operator_id=None),
    ),
    "a name that is suggested": (SUGGESTIONS, status_set),
}


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_is_seen_by_the_next_one(
    api: APIClient, shelf: Shelf, django_assert_num_queries: Any, name: str
) -> None:
    path, edit = EDITS[name]
    path = path.format(pk=shelf.product.pk)
    before = [api.get(path).json() for _ in range(2)][0]
    with django_assert_num_queries(0):
        assert api.get(path).json() == before
    edit(shelf)
    after = api.get(path).json()
    assert after != before
    with django_assert_num_queries(0):
        assert api.get(path).json() == after


def test_staff_see_it_who_write_by_the_api(
    api: APIClient, staff_api: APIClient, shelf: Shelf
) -> None:
    path = f"/api/products/{shelf.product.pk}"
    for price in ("8.00", "7.00"):
        assert api.get(path).json()["data"]["price"] != price
        staff_api.patch(path, {"price": price}, format="json")
        assert api.get(path).json()["data"]["price"] == price
    assert staff_api.delete(path).status_code == 200
    assert api.get(path).status_code == 404


def test_who_asks_after_an_edit_shares_no_read_from_before_it(
    api: APIClient, shelf: Shelf, monkeypatch: Any
) -> None:
    path = f"/api/products/{shelf.product.pk}"
    # Wanted, so that each further read looks at the clock before it is kept.
    api.get(path)
    has_read, may_end = threading.Event(), threading.Event()
    here, looks = threading.get_ident(), count(1)

    def monotonic() -> float:
        if threading.get_ident() != here and next(looks) == 2:
            has_read.set()
            may_end.wait(PATIENCE_SECONDS)
        return time.monotonic()

    clock = SimpleNamespace(time=time.time, monotonic=monotonic)
    monkeypatch.setattr("shop.api.kept.views.time", clock)
    with ThreadPoolExecutor(1) as other:
        slow = other.submit(alone(APIClient().get), path)
        assert has_read.wait(PATIENCE_SECONDS)
        update(shelf, fields={"name": "新"})
        seen = api.get(path).json()["data"]["name"]
        may_end.set()
        assert slow.result().json()["data"]["name"] == "龙井茶"
    assert seen == api.get(path).json()["data"]["name"] == "新"
