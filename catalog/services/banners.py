"""The writes of the banners on the home page."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from catalog.locks import category_hold, content_lock
from catalog.models import Banner, BannerTarget, Product
from catalog.services.history import BANNERS, unchanged_require
from catalog.targets import target_read
from shop.api.kept.store import answers_drop
from shop.errors import Invalid, NotFound
from shop.history import history_begin, history_kept


@transaction.atomic
def banner_create(*, fields: Mapping[str, Any], operator_id: int | None) -> Banner:
    """Add a banner; of its targets the one that its kind names is kept.

    Locks: the category.
    Raises: Invalid.
    """
    answers_drop()
    banner = Banner.objects.create(**_ruled(fields))
    history_begin(BANNERS, keys=[banner.pk], operator_id=operator_id)
    return banner


@transaction.atomic
def banner_update(
    *,
    banner_id: int,
    fields: Mapping[str, Any],
    operator_id: int | None,
    expected_version: int | None = None,
) -> None:
    """Change a banner; all its fields are given.

    `expected_version` is the one of the history that the editor saw.
    Locks: the banner, then the category.
    Raises: NotFound, ContentChanged, Invalid.
    """
    answers_drop()
    _locked(banner_id)
    unchanged_require(BANNERS, banner_id, expected_version)
    written = _ruled(fields)
    with history_kept(BANNERS, keys=[banner_id], operator_id=operator_id):
        Banner.objects.filter(pk=banner_id).update(**written)


@transaction.atomic
def banner_delete(*, banner_id: int, operator_id: int | None) -> None:
    """Delete a banner.

    Locks: the banner.
    Raises: NotFound.
    """
    answers_drop()
    banner = _locked(banner_id)
    with history_kept(BANNERS, keys=[banner_id], operator_id=operator_id):
        banner.delete()


def _locked(banner_id: int) -> Banner:
    banner = content_lock(Banner, banner_id)
    if banner is None:
        raise NotFound("轮播图不存在")
    return banner


def _ruled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Check a banner's fields; leave out the targets that are not of its kind."""
    kind = fields["target_kind"]
    ruled = {**fields, "product": None, "category": None}
    if not fields["image"]:
        raise Invalid.field("image", "图片不能为空")
    if kind == BannerTarget.PRODUCT:
        ruled["product"] = _product(fields.get("product"))
    elif kind == BannerTarget.CATEGORY:
        ruled["category"] = _category(fields.get("category"))
    try:
        ruled["target"] = target_read(kind, fields.get("target", ""))
    except ValueError as error:
        raise Invalid.field("target", str(error)) from None
    starts_at, ends_at = fields.get("starts_at"), fields.get("ends_at")
    if starts_at and ends_at and ends_at <= starts_at:
        raise Invalid.field("ends_at", "结束时间要晚于开始时间")
    return ruled


def _product(product: Product | None) -> Product:
    if product is None:
        raise Invalid.field("product", "请选择商品")
    if not Product.objects.present().filter(pk=product.pk).exists():
        raise Invalid.field("product", "商品不存在")
    return product


def _category(category: Any) -> Any:
    if category is None:
        raise Invalid.field("category", "请选择分类")
    if not category_hold(category.pk):
        raise Invalid.field("category", "分类不存在")
    return category
