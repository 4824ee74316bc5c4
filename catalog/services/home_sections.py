"""The writes of the sections on the home page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from catalog.locks import category_hold, content_lock
from catalog.models import (
    HomeSection,
    HomeSectionProduct,
    Product,
    SectionKind,
)
from catalog.services.history import SECTIONS, unchanged_require
from shop.api.kept.store import answers_drop
from shop.errors import Invalid, NotFound
from shop.history import history_begin, history_kept

# More than are shown: what goes off sale has somebody to take its place.
CHOSEN_MAX = 50


@transaction.atomic
def home_section_create(
    *,
    fields: Mapping[str, Any],
    product_ids: Sequence[int] = (),
    operator_id: int | None,
) -> HomeSection:
    """Add a section; `product_ids` in their order are for one that has chosen ones.

    Locks: the category.
    Raises: Invalid.
    """
    answers_drop()
    section = HomeSection.objects.create(**_ruled(fields))
    _products_replace(section, product_ids)
    history_begin(SECTIONS, keys=[section.pk], operator_id=operator_id)
    return section


@transaction.atomic
def home_section_update(
    *,
    section_id: int,
    fields: Mapping[str, Any],
    product_ids: Sequence[int],
    operator_id: int | None,
    expected_version: int | None = None,
) -> None:
    """Change a section; all its fields and its products are given.

    `expected_version` is the one of the history that the editor saw.
    Locks: the section, then the category.
    Raises: NotFound, ContentChanged, Invalid.
    """
    answers_drop()
    _locked(section_id)
    unchanged_require(SECTIONS, section_id, expected_version)
    written = _ruled(fields)
    with history_kept(SECTIONS, keys=[section_id], operator_id=operator_id):
        HomeSection.objects.filter(pk=section_id).update(**written)
        _products_replace(HomeSection(pk=section_id, **written), product_ids)


@transaction.atomic
def home_section_delete(*, section_id: int, operator_id: int | None) -> None:
    """Delete a section; its products stay.

    Locks: the section.
    Raises: NotFound.
    """
    answers_drop()
    section = _locked(section_id)
    with history_kept(SECTIONS, keys=[section_id], operator_id=operator_id):
        section.delete()


def _locked(section_id: int) -> HomeSection:
    section = content_lock(HomeSection, section_id)
    if section is None:
        raise NotFound("板块不存在")
    return section


def _ruled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Check a section's fields; only one of a category keeps it."""
    ruled = {**fields, "category": None}
    if fields["kind"] == SectionKind.CATEGORY:
        category = fields.get("category")
        if category is None:
            raise Invalid.field("category", "请选择分类")
        if not category_hold(category.pk):
            raise Invalid.field("category", "分类不存在")
        ruled["category"] = category
    return ruled


def _products_replace(section: HomeSection, product_ids: Sequence[int]) -> None:
    """Write the chosen products, each once."""
    ids = list(dict.fromkeys(product_ids))
    if section.kind != SectionKind.CHOSEN:
        ids = []
    elif not ids:
        raise Invalid.field("products", "请至少选择一个商品")
    if len(ids) > CHOSEN_MAX:
        raise Invalid.field("products", f"最多选择{CHOSEN_MAX}个商品")
    if Product.objects.present().filter(pk__in=ids).count() < len(ids):
        raise Invalid.field("products", "商品不存在")
    HomeSectionProduct.objects.filter(section=section).delete()
    HomeSectionProduct.objects.bulk_create(
        HomeSectionProduct(section=section, product_id=pk, position=position)
        for position, pk in enumerate(ids, start=1)
    )
