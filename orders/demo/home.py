"""The home page of the demo shop, and the words that it offers to who searches."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from catalog.models import Category, Product
from catalog.services.banners import banner_create
from catalog.services.home_sections import home_section_create
from catalog.services.search_words import search_word_create
from orders.demo.pictures import picture_store

# As wide as a phone shows a banner.
_BANNER_WIDTH = 1028
_BANNER_FOR = timedelta(days=30)
_CHOSEN = ("明前龙井茶 50g", "羊毛围巾", "手工铸铁锅 26cm", "不锈钢保温杯 500ml")
_WORDS = ("龙井", "T恤", "保温杯", "围巾", "铸铁锅")


def demo_home_load(*, categories: Mapping[str, Category]) -> None:
    """Put banners and sections on the home page of a shop with the demo's goods."""
    _banners_load(categories)
    _sections_load(categories)
    for position, word in enumerate(_WORDS):
        fields = {"kind": "hot", "is_pinned": position == 0, "position": position}
        search_word_create(fields={"word": word, **fields}, operator_id=None)
    blocked = {"word": "代购", "kind": "blocked"}
    search_word_create(fields=blocked, operator_id=None)


def _banners_load(categories: Mapping[str, Category]) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    jacket = Product.objects.get(name="轻薄羽绒服")
    banners: list[tuple[str, float, dict[str, Any]]] = [
        ("新茶上市", 0.30, {"target_kind": "category", "category": categories["绿茶"]}),
        ("轻薄羽绒,暖意随行", 0.58, {"target_kind": "product", "product": jacket}),
        ("厨房好物", 0.13, {"target_kind": "search", "target": "锅"}),
    ]
    for position, (title, hue, target) in enumerate(banners):
        picture = picture_store(text=f"轮播图 {title}", hue=hue, width=_BANNER_WIDTH)
        period: dict[str, Any] = {}
        if position:
            period = {"starts_at": now, "ends_at": now + _BANNER_FOR}
        fields = {"title": title, "image": picture, "position": position}
        banner_create(fields=fields | target | period, operator_id=None)


def _sections_load(categories: Mapping[str, Category]) -> None:
    chosen = dict(Product.objects.filter(name__in=_CHOSEN).values_list("name", "pk"))
    sections: list[tuple[dict[str, Any], list[int]]] = [
        ({"title": "掌柜推荐", "kind": "chosen"}, [chosen[name] for name in _CHOSEN]),
        ({"title": "大家都在买", "kind": "best_selling"}, []),
        (
            {"title": "好茶", "kind": "category", "category": categories["茶饮"]},
            [],
        ),
    ]
    for position, (fields, product_ids) in enumerate(sections):
        home_section_create(
            fields=fields | {"position": position},
            product_ids=product_ids,
            operator_id=None,
        )
