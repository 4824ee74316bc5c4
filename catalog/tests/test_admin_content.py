"""The desks of the home page and of search words: pages, rights, the past."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.errors import ContentChanged
from catalog.models import (
    Banner,
    HomeSection,
    PopularWord,
    Product,
    SearchWord,
)
from catalog.services.banners import banner_update
from catalog.services.categories import category_create
from catalog.services.home_sections import home_section_update
from catalog.services.products import product_delete
from catalog.services.search_words import search_word_update
from catalog.tests.admin_pages import (
    errors,
    page_data,
    picture_file,
    staff_client,
    told,
)

Make = Callable[..., Product]
BANNERS = "/admin/catalog/banner/"
SECTIONS = "/admin/catalog/homesection/"
WORDS = "/admin/catalog/searchword/"
POPULAR = "/admin/catalog/popularword/"


def saved(client: Client, page: str, **data: Any) -> Any:
    """Fill in a page as a browser would, and send it."""
    return client.post(page, page_data(client, page) | {"is_active": "on"} | data)


def chosen(**lines: str) -> dict[str, Any]:
    """Return the rows of a section's table: `_0_product` is the first one's."""
    count = len({name.split("_")[1] for name in lines})
    return {"lines-TOTAL_FORMS": count} | {
        f"lines{name.replace('_', '-')}": value for name, value in lines.items()
    }


def test_a_banner_is_added_changed_and_deleted(
    client: Client, api: APIClient, product_make: Make
) -> None:
    tea = product_make("龙井茶")
    sent = {
        "title": "新<b>茶</b>",
        "image-upload": picture_file(),
        "target_kind": "product",
        "product": tea.pk,
        "target": "不是这个",
        "starts_at": "2026-01-31T08:00",
        "ends_at": "2999-02-28T20:30",
        "position": "3",
    }
    response = saved(client, f"{BANNERS}add/", **sent)
    assert (response.status_code, response.url) == (302, BANNERS)
    banner = Banner.objects.get()
    assert (banner.title, banner.product, banner.target) == ("新茶", tea, "")
    assert timezone.localtime(banner.ends_at).isoformat() == "2999-02-28T20:30:00+08:00"
    assert default_storage.exists(banner.image)
    text = client.get(BANNERS).content.decode()
    for shown in ("商品:龙井茶", "01-31 08:00 至 2999-02-28 20:30", "展示中"):
        assert shown in text

    page, old = f"{BANNERS}{banner.pk}/change/", banner.image
    data = page_data(client, page)
    assert data["starts_at"] == "2026-01-31T08:00"
    data |= {
        "is_active": "on",
        "target_kind": "web",
        "target": "https://example.com/",
        "ends_at": "",
    }
    assert client.post(page, data).status_code == 302
    banner.refresh_from_db()
    assert (banner.product, banner.target) == (None, "https://example.com/")
    assert (banner.image, banner.ends_at) == (old, None)
    assert [one["title"] for one in api.get("/api/home").json()["data"]["banners"]] == [
        "新茶"
    ]

    past = client.get(f"{BANNERS}{banner.pk}/history/").content.decode()
    for shown in ("boss", "跳转到", "网页", "龙井茶", "2999-02-28 20:30:00"):
        assert shown in past
    assert client.post(f"{BANNERS}{banner.pk}/delete/", {"post": "yes"}).url == BANNERS
    assert Banner.objects.count() == 0


@pytest.mark.parametrize("product", ["茶", "-1", "²", "9" * 30, "9" * 5000, "0\r\n1"])
def test_a_product_that_is_no_id_is_refused(client: Client, product: str) -> None:
    refusal = "该选择不在可用的选项中。"
    for page, sent in (
        (
            f"{BANNERS}add/",
            {
                "title": "新茶",
                "image-upload": picture_file(),
                "target_kind": "product",
                "product": product,
            },
        ),
        (
            f"{SECTIONS}add/",
            {"title": "新品", "kind": "chosen", **chosen(_0_product=product)},
        ),
    ):
        assert refusal in str(errors(saved(client, page, **sent)))
    assert not Banner.objects.exists()
    assert not HomeSection.objects.exists()


@pytest.mark.parametrize(
    ("position", "refusal"),
    [
        ("2147483648", "确保该值小于或等于2147483647。"),
        ("-" + "9" * 30, "确保该值大于或等于-2147483648。"),
    ],
)
def test_a_position_that_no_column_holds_is_refused(
    client: Client, position: str, refusal: str
) -> None:
    for page, sent in (
        (f"{BANNERS}add/", {"title": "新茶", "image-upload": picture_file()}),
        (f"{SECTIONS}add/", {"title": "新品"}),
        (f"{WORDS}add/", {"word": "龙井"}),
    ):
        response = saved(client, page, **sent, position=position)
        assert errors(response) == [refusal]
    for model in (Banner, HomeSection, SearchWord):
        assert not model.objects.exists()


def test_what_a_banner_is_refused_for_stays_on_the_page(client: Client) -> None:
    page = f"{BANNERS}add/"
    picture = picture_file()
    for sent, text in (
        ({}, "图片不能为空"),
        ({"image-upload": picture, "target_kind": "web"}, "请填写 https:// 开头的网址"),
        (
            {"image-upload": SimpleUploadedFile("a.jpg", b"no picture")},
            "a.jpg:图片格式不正确",
        ),
        (
            {
                "image-upload": picture_file(),
                "starts_at": "2026-01-02T00:00",
                "ends_at": "2026-01-01T00:00",
            },
            "结束时间要晚于开始时间",
        ),
    ):
        response = saved(client, page, title="春茶", **sent)
        assert text in errors(response)
        assert 'value="春茶"' in response.content.decode()
    assert Banner.objects.count() == 0


def test_a_section_keeps_the_order_of_its_products(
    client: Client, product_make: Make
) -> None:
    tea, cup, pot = (product_make(name) for name in ("茶", "杯", "壶"))
    lines = chosen(
        _0_product=tea.pk,
        _0_position="",
        _1_product=cup.pk,
        _1_position="1",
        _2_product=pot.pk,
        _2_position="0",
    )
    sent = {"title": "精选", "kind": "chosen", "shown_count": "3"}
    response = saved(client, f"{SECTIONS}add/", **sent, **lines)
    assert (response.status_code, response.url) == (302, SECTIONS)
    section = HomeSection.objects.get()

    def products() -> list[str]:
        return [line.product.name for line in section.lines.select_related("product")]

    assert products() == ["壶", "杯", "茶"]
    page = f"{SECTIONS}{section.pk}/change/"
    data = page_data(client, page)
    assert [data[f"lines-{n}-position"] for n in range(3)] == ["1", "2", "3"]
    # The first goes, the last comes to the top.
    data |= {"lines-0-DELETE": "on", "lines-2-position": "0"}
    assert client.post(page, data).status_code == 302
    assert products() == ["茶", "杯"]
    past = client.get(f"{SECTIONS}{section.pk}/history/").content.decode()
    assert "壶、杯、茶" in past
    assert "茶、杯" in past
    # Of another kind it has none.
    category = category_create(name="茶叶")
    data = page_data(client, page) | {"kind": "category", "category": category.pk}
    assert client.post(page, data).status_code == 302
    section.refresh_from_db()
    assert (section.category, products()) == (category, [])
    assert "某个分类:茶叶" in client.get(SECTIONS).content.decode()


@pytest.mark.parametrize(
    ("desk", "field"), [(BANNERS, "title"), (SECTIONS, "title"), (WORDS, "word")]
)
def test_an_older_page_writes_over_nothing(
    client: Client, desk: str, field: str
) -> None:
    sent = {"kind": "newest"} if desk == SECTIONS else {"image-upload": picture_file()}
    added = saved(client, f"{desk}add/", **{field: "新茶"}, **sent)
    assert added.status_code == 302
    models = {BANNERS: Banner, SECTIONS: HomeSection, WORDS: SearchWord}
    row = models[desk].objects.get()
    page = f"{desk}{row.pk}/change/"
    older = page_data(client, page)
    assert client.post(page, older | {field: "春茶"}).status_code == 302
    response = client.post(page, older | {field: "秋茶"})
    assert ContentChanged.message in errors(response)
    newer = page_data(client, page)
    assert newer[field] == "春茶"
    assert client.post(page, newer | {field: "秋茶"}).status_code == 302
    row.refresh_from_db()
    assert getattr(row, field) == "秋茶"


def test_the_services_look_again_under_the_lock(client: Client) -> None:
    """As when two pages of the same age are sent at once."""
    saved(client, f"{BANNERS}add/", **{"title": "茶", "image-upload": picture_file()})
    saved(client, f"{SECTIONS}add/", title="茶", kind="newest")
    saved(client, f"{WORDS}add/", word="茶")
    older: dict[str, Any] = {"fields": {}, "operator_id": None, "expected_version": 0}
    with pytest.raises(ContentChanged):
        banner_update(banner_id=Banner.objects.get().pk, **older)
    section_id = HomeSection.objects.get().pk
    with pytest.raises(ContentChanged):
        home_section_update(section_id=section_id, product_ids=[], **older)
    with pytest.raises(ContentChanged):
        search_word_update(word_id=SearchWord.objects.get().pk, **older)


def test_a_section_without_what_it_needs(client: Client) -> None:
    page = f"{SECTIONS}add/"
    for sent, text in (
        ({"kind": "chosen"}, "请至少选择一个商品"),
        ({"kind": "category"}, "请选择分类"),
        ({"kind": "newest", "shown_count": "11"}, "显示数量不能大于10"),
    ):
        known = {"title": "新品", "shown_count": "6"} | sent
        assert text in errors(saved(client, page, **known))
    assert HomeSection.objects.count() == 0


def test_products_are_offered_by_what_is_typed(
    client: Client, product_make: Make
) -> None:
    tea = product_make("龙井茶")
    product_make("毛衣")
    product_delete(product_id=product_make("龙井杯").pk)
    for model in ("banner", "homesectionproduct"):
        query = {"app_label": "catalog", "model_name": model, "field_name": "product"}
        found = client.get("/admin/autocomplete/", query | {"term": "龙井"}).json()
        assert [one["id"] for one in found["results"]] == [str(tea.pk)]


def test_the_home_page_is_previewed(client: Client, product_make: Make) -> None:
    product_make("<i>龙井茶</i>", price="12.50", original_price="20.00")
    Banner.objects.create(title="新茶", image="uploads/a.jpg")
    for desk in ("banner", "homesection"):
        page = reverse(f"admin:catalog_{desk}_preview")
        text = client.get(page).content.decode()
        for shown in ('alt="新茶"', "&lt;i&gt;龙井茶", "¥12.50", "¥20.00", "新品"):
            assert shown in text


def test_a_word_is_added_changed_and_deleted(
    client: Client, product_make: Make
) -> None:
    product_make("龙井茶")
    sent = {"word": " 龙井 ", "kind": "hot", "is_pinned": "on"}
    assert saved(client, f"{WORDS}add/", **sent).url == WORDS
    word = SearchWord.objects.get()
    assert (word.word, word.is_pinned, word.is_active) == ("龙井", True, True)
    response = saved(client, f"{WORDS}add/", word="龙井", kind="blocked")
    assert errors(response) == ["这个词已经在搜索词中"]
    page = f"{WORDS}{word.pk}/change/"
    assert saved(client, page, word="碧螺春").url == WORDS
    rows = client.get(WORDS).context["cl"].result_list
    assert [(row.word, row.finds_something) for row in rows] == [("碧螺春", False)]
    past = client.get(f"{WORDS}{word.pk}/history/").content.decode()
    assert "龙井" in past
    assert client.post(f"{WORDS}{word.pk}/delete/", {"post": "yes"}).url == WORDS
    assert SearchWord.objects.count() == 0


def test_popular_words_become_hot_or_blocked(client: Client) -> None:
    for text in ("龙井", "张三", "毛衣"):
        PopularWord.objects.create(word=text, shoppers=5)
    SearchWord.objects.create(word="毛衣")
    for deed, words, text in (
        ("offer", ["龙井", "毛衣"], "已添加1个热词,另有1个已经在搜索词中"),
        ("block", ["张三"], "已添加1个屏蔽词"),
    ):
        sent = {"action": deed, "_selected_action": words}
        assert told(client.post(POPULAR, sent)) == [text]
    kinds = dict(SearchWord.objects.values_list("word", "kind"))
    assert kinds == {"龙井": "hot", "张三": "blocked", "毛衣": "hot"}


@pytest.mark.parametrize(
    ("desk", "model"),
    [(BANNERS, "banner"), (SECTIONS, "homesection"), (WORDS, "searchword")],
)
def test_who_may_do_what(product_make: Make, desk: str, model: str) -> None:
    rows = {
        "banner": Banner.objects.create(title="新茶", image="uploads/a.jpg"),
        "homesection": HomeSection.objects.create(title="新品", kind="newest"),
        "searchword": SearchWord.objects.create(word="茶"),
    }
    row = rows[model]
    before = type(row).objects.values().get()
    reader = staff_client(f"view_{model}", name="reader")
    for page in (desk, f"{desk}{row.pk}/change/", f"{desk}{row.pk}/history/"):
        assert reader.get(page).status_code == 200
    for page in (f"{desk}add/", f"{desk}{row.pk}/change/", f"{desk}{row.pk}/delete/"):
        sent = {"post": "yes", "title": "x", "word": "x"}
        assert reader.post(page, sent).status_code == 403
    assert type(row).objects.values().get() == before
    stranger = staff_client("view_product", name="stranger")
    assert stranger.get(desk).status_code == 403
    PopularWord.objects.create(word="茶杯", shoppers=5)
    looker = staff_client("view_popularword", name="looker")
    sent = {"action": "block", "_selected_action": ["茶杯"]}
    looker.post(POPULAR, sent)
    assert not SearchWord.objects.filter(word="茶杯").exists()
