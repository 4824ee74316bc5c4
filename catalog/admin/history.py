"""What the history pages of the catalogue tell."""

from collections.abc import Callable
from typing import Any

from catalog.admin.fields import specs_text
from catalog.admin.pictures import thumbnail
from catalog.models import Category, FreightTemplate, Product, Sku
from catalog.services.history import (
    BANNERS,
    CATEGORIES,
    PRODUCTS,
    SECTIONS,
    SKUS,
    WORDS,
)
from shop.back_office.figures import moment, money
from shop.back_office.history import Chapter, joined


def product_chapter(product_id: int) -> Chapter:
    """Tell of a product, its pictures included."""
    return Chapter(
        PRODUCTS,
        {"id": product_id},
        new=("name", "category_id", "status"),
        shown={
            "category_id": _category_names(),
            "freight_template_id": _template_names(),
            "original_price": money,
            "pictures": lambda names: joined(names, thumbnail),
        },
    )


def skus_chapter(product: Product, **key: int) -> Chapter:
    """Tell of a product's SKUs, or of the one that the key names."""
    return Chapter(
        SKUS,
        key or {"product": product.pk},
        name=lambda snapshot: _sku_name(product, snapshot),
        new=("price", "code"),
        shown={"price": money, "image": thumbnail},
    )


def category_chapter(category_id: int) -> Chapter:
    """Tell of a category."""
    return Chapter(
        CATEGORIES,
        {"id": category_id},
        new=("name", "parent_id"),
        shown={"parent_id": _category_names(), "icon": thumbnail},
    )


def banner_chapter(banner_id: int) -> Chapter:
    """Tell of a banner."""
    return Chapter(
        BANNERS,
        {"id": banner_id},
        new=("title", "image", "target_kind"),
        shown={
            "image": thumbnail,
            "product_id": _product_name,
            "category_id": _category_names(),
            "starts_at": moment,
            "ends_at": moment,
        },
    )


def section_chapter(section_id: int) -> Chapter:
    """Tell of a section of the home page, its products included."""
    return Chapter(
        SECTIONS,
        {"id": section_id},
        new=("title", "kind", "products"),
        shown={
            "category_id": _category_names(),
            "products": lambda ids: "、".join(map(_product_name, ids)),
        },
    )


def word_chapter(word_id: int) -> Chapter:
    """Tell of a search word."""
    return Chapter(WORDS, {"id": word_id}, new=("word", "kind"))


def _product_name(product_id: int) -> str:
    """Name a product, which is never gone."""
    return Product.objects.values_list("name", flat=True).get(pk=product_id)


def _sku_name(product: Product, snapshot: Any) -> str:
    return f"SKU {specs_text(Sku(product=product, specs=snapshot.specs))}"


def _category_names() -> Callable[[int], str]:
    """Return what names a category, also one that is gone."""
    names = dict(Category.objects.values_list("pk", "name"))
    return lambda pk: names.get(pk, f"已删除的分类{pk}")


def _template_names() -> Callable[[int], str]:
    names = dict(FreightTemplate.objects.values_list("pk", "name"))
    return lambda pk: names.get(pk, f"已删除的运费模板{pk}")
