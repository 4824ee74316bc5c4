"""GET /api/search/hot and /suggest: what staff offer, and what many search for."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.errors import SearchWordExists
from catalog.hot_words import HOT_WORDS_MAX
from catalog.jobs import popular_words_refresh
from catalog.models import (
    PopularWord,
    Product,
    ProductStatus,
    SearchHistory,
    SearchWord,
)
from catalog.services.products import product_update, products_set_status
from catalog.services.search_history import search_history_add
from catalog.services.search_words import (
    POPULAR_DAYS,
    SHOPPERS_MIN,
    popular_words_count,
    search_word_create,
    search_word_delete,
    search_word_update,
)
from catalog.tests.conftest import refused
from conftest import make_shopper
from shop.errors import Invalid

Make = Callable[..., Product]


def word(text: str, **fields: Any) -> SearchWord:
    known = {"word": text, "kind": "hot"} | fields
    return search_word_create(fields=known, operator_id=None)


def hot(api: APIClient) -> list[str]:
    data = api.get("/api/search/hot", {"size": 100}).json()["data"]
    return [one["keyword"] for one in data["list"]]


def suggested(api: APIClient, text: str) -> list[str]:
    response = api.get("/api/search/suggest", {"keyword": text})
    assert response.status_code == 200, response.content
    return [one["keyword"] for one in response.json()["data"]["list"]]


@pytest.fixture
def shoppers(db: None) -> list[Any]:
    return [make_shopper(f"{number}") for number in range(SHOPPERS_MIN + 2)]


def search(shoppers: Sequence[Any], *keywords: str) -> None:
    """Let each search for one of the spellings, in turn."""
    for number, shopper in enumerate(shoppers):
        keyword = keywords[number % len(keywords)]
        search_history_add(user_id=shopper.pk, keyword=keyword)


def test_staffs_words_and_shoppers_in_turn_behind_the_pinned(
    api: APIClient,
    shoppers: list[Any],
    product_make: Make,
    django_assert_num_queries: Any,
) -> None:
    product_make("明前龙井茶 碧螺春 红茶 T恤 毛衣 杯")
    word("杯", position=9)
    word("红茶", position=1)
    word("碧螺春", position=5, is_pinned=True)
    word("明前", is_active=False)
    word("没有这个")
    search(shoppers, "毛衣")
    search(shoppers[1:], "T恤", "T恤", "t恤")
    # Staff have it themselves.
    search(shoppers, "红茶")
    assert popular_words_count() == 3
    assert list(PopularWord.objects.values_list("word", "shoppers")) == [
        ("毛衣", 7),
        ("红茶", 7),
        ("T恤", 6),
    ]
    with django_assert_num_queries(1):
        data = api.get("/api/search/hot", {"size": 2}).json()["data"]
    assert data == {
        "list": [
            {"keyword": "碧螺春", "pinned": True},
            {"keyword": "红茶", "pinned": False},
        ],
        "pagination": {"total": 5, "page": 1, "size": 2, "totalPages": 3},
    }
    assert hot(api) == ["碧螺春", "红茶", "毛衣", "杯", "T恤"]


def test_a_word_of_few_or_of_long_ago_or_that_finds_nothing_is_not_told(
    api: APIClient, shoppers: list[Any], product_make: Make
) -> None:
    tea = product_make("龙井茶")
    search(shoppers[: SHOPPERS_MIN - 1], "龙井")
    # However often one of them does.
    for _ in range(9):
        search(shoppers[:1], "龙井")
    search(shoppers, "张三的电话")
    assert (popular_words_count(), hot(api)) == (0, [])
    search(shoppers[:SHOPPERS_MIN], "龙井")
    assert (popular_words_count(), hot(api)) == (1, ["龙井"])
    # At once, before the words are counted again.
    products_set_status(product_ids=[tea.pk], status=ProductStatus.OFF_SALE)
    assert hot(api) == []
    products_set_status(product_ids=[tea.pk], status=ProductStatus.ON_SALE)
    assert hot(api) == ["龙井"]
    long_ago = timezone.now() - POPULAR_DAYS - timedelta(seconds=1)
    SearchHistory.objects.filter(user=shoppers[0]).update(searched_at=long_ago)
    assert (popular_words_count(), hot(api)) == (0, [])


def test_a_blocked_word_is_never_shown_nor_what_holds_it(
    api: APIClient, shoppers: list[Any], product_make: Make
) -> None:
    product_make("龙井茶 LONGJING 茶杯")
    word("longjing")
    for keyword in ("龙井茶", "茶杯"):
        search(shoppers, keyword)
    popular_words_refresh(timestamp=0)
    assert hot(api) == ["longjing", "茶杯", "龙井茶"]
    blocked = word("LongJ", kind="blocked")
    word("龙井", kind="blocked")
    assert hot(api) == ["茶杯"]
    assert suggested(api, "long") == ["龙井茶 LONGJING 茶杯"]
    search_word_update(
        word_id=blocked.pk,
        fields={"word": "LongJ", "kind": "blocked", "is_active": False},
        operator_id=None,
    )
    assert hot(api) == ["longjing", "茶杯"]


def test_there_are_not_too_many(api: APIClient, product_make: Make) -> None:
    product_make(" ".join(f"词{n}" for n in range(HOT_WORDS_MAX + 1)))
    for number in range(HOT_WORDS_MAX + 1):
        word(f"词{number}", position=-number)
    assert hot(api) == [f"词{n}" for n in range(HOT_WORDS_MAX, 0, -1)]


def test_staff_have_each_word_once_in_any_case(db: None) -> None:
    shirt, tea = word("T恤"), word("茶")
    with pytest.raises(SearchWordExists):
        word("t恤", kind="blocked")
    fields = {"word": " <b>t恤</b>", "kind": "hot"}
    with pytest.raises(SearchWordExists):
        search_word_update(word_id=tea.pk, fields=fields, operator_id=None)
    search_word_update(word_id=shirt.pk, fields=fields, operator_id=None)
    with pytest.raises(Invalid, match="词不能为空"):
        word("<b></b>")
    search_word_delete(word_id=tea.pk, operator_id=None)
    assert [row.word for row in SearchWord.objects.all()] == ["t恤"]


def test_suggestions_begin_with_the_text_or_hold_it(
    api: APIClient, product_make: Make, django_assert_num_queries: Any
) -> None:
    for name, sales in (("红茶杯", 1), ("茶杯", 2), ("茶壶", 9), ("绿茶", 8)):
        Product.objects.filter(pk=product_make(name).pk).update(sales=sales)
    # Their descriptions are not what is typed; what is off sale is not there.
    product_make("碗", description="茶碗")
    product_make("茶盘", status=ProductStatus.OFF_SALE)
    word("茶")
    word("红茶")
    word("碗")
    # A name that is there twice, and as a word.
    product_make("茶壶")
    product_make("红茶")
    with django_assert_num_queries(2):
        names = suggested(api, "茶")
    assert names == ["茶", "茶壶", "茶杯", "红茶", "绿茶", "红茶杯"]
    data = api.get("/api/search/suggest", {"keyword": " 茶杯 "}).json()["data"]
    tea_cup = Product.objects.get(name="茶杯")
    red = Product.objects.get(name="红茶杯")
    assert data == {
        "list": [
            {"keyword": "茶杯", "productId": tea_cup.pk},
            {"keyword": "红茶杯", "productId": red.pk},
        ],
        "pagination": {"total": 2, "page": 1, "size": 10, "totalPages": 1},
    }
    for number in range(12):
        product_make(f"茶{number}")
    assert len(suggested(api, "茶")) == 10


@pytest.mark.parametrize("text", ["T恤", "t恤", "T", "50%", "_"])
def test_suggestions_take_each_character_as_it_is(
    api: APIClient, product_make: Make, text: str
) -> None:
    product_make("纯棉T恤_50%")
    product_make("毛衣")
    assert suggested(api, text) == ["纯棉T恤_50%"]


def test_what_is_not_asked_for(api: APIClient, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        for query in ({}, {"keyword": ""}, {"keyword": "  "}):
            data = api.get("/api/search/suggest", query).json()["data"]
            assert data["list"] == []
    for text, told in (
        ("茶" * 51, "关键词长度不能超过50"),
        ("茶\0", "关键词格式不正确"),
    ):
        refused(api.get("/api/search/suggest", {"keyword": text}), keyword=told)


def test_an_edit_of_a_name_is_suggested(api: APIClient, product_make: Make) -> None:
    product = product_make("茶")
    fields = {"name": "毛衣"}
    product_update(product_id=product.pk, fields=fields, operator_id=None)
    assert (suggested(api, "茶"), suggested(api, "毛")) == ([], ["毛衣"])
