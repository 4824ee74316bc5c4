"""What staff do with a coupon: make, publish, extend, copy and end it.

Until it is published everything about it may change. From then on shoppers may hold it,
and it stays as they took it; only how many may be claimed, and until when, can change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import Category, Product
from orders.errors import CouponChanged
from orders.locks import coupon_lock
from orders.models import Coupon, CouponKind, CouponScope, CouponStatus
from orders.models.coupon import TITLE_MAX
from shop.errors import Invalid, NotFound

TARGETS_MAX = 200
# What still changes when shoppers may hold it.
OPEN_FIELDS = ("total_limit", "user_limit", "claim_until")
_COPY = " 副本"


@dataclass(frozen=True, slots=True)
class CouponFields:
    """All that staff write of a coupon, by the names of its columns."""

    title: str
    kind: CouponKind
    amount: Decimal
    claim_from: datetime
    minimum_amount: Decimal = Decimal("0.00")
    percent_off: int | None = None
    scope: CouponScope = CouponScope.ALL
    target_ids: Sequence[int] = ()
    total_limit: int | None = None
    user_limit: int = 1
    claim_until: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    valid_days: int | None = None

    def columns(self) -> dict[str, Any]:
        """Return the values by column."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"target_ids": sorted(set(self.target_ids))}


def coupon_create(*, written: CouponFields) -> Coupon:
    """Make a draft.

    Raises: Invalid.
    """
    _require_sense(written)
    return Coupon.objects.create(**written.columns())


@transaction.atomic
def coupon_update(
    *, coupon_id: int, expected_version: str, written: CouponFields
) -> Coupon:
    """Change a coupon; `expected_version` is the one that the editor saw.

    Locks: the coupon.
    Raises: NotFound, CouponChanged, Invalid.
    """
    coupon = _locked(coupon_id)
    if coupon.version != expected_version or coupon.status == CouponStatus.ENDED:
        raise CouponChanged
    _require_sense(written)
    values = written.columns()
    changed = [name for name, value in values.items() if getattr(coupon, name) != value]
    if coupon.status == CouponStatus.PUBLISHED:
        _require_open_fields(coupon, changed, written.total_limit)
    for name in changed:
        setattr(coupon, name, values[name])
    coupon.save(update_fields=[*changed, "updated_at"])
    return coupon


@transaction.atomic
def coupon_publish(*, coupon_id: int) -> None:
    """Let shoppers claim a draft as soon as its time begins.

    Locks: the coupon.
    Raises: NotFound, CouponChanged, Invalid, when nobody could claim or use it.
    """
    coupon = _locked(coupon_id)
    if coupon.status != CouponStatus.DRAFT:
        raise CouponChanged
    now = timezone.now()
    for name in ("claim_until", "valid_until"):
        end = getattr(coupon, name)
        if end is not None and end <= now:
            raise Invalid.field(name, f"{_label(name)}已过,不能发布")
    _status_set(coupon, CouponStatus.PUBLISHED)


@transaction.atomic
def coupon_end(*, coupon_id: int) -> None:
    """Let nobody claim it any more; what shoppers hold stays good.

    Locks: the coupon.
    Raises: NotFound, CouponChanged.
    """
    coupon = _locked(coupon_id)
    if coupon.status == CouponStatus.ENDED:
        raise CouponChanged
    _status_set(coupon, CouponStatus.ENDED)


def coupon_copy(*, coupon_id: int) -> Coupon:
    """Make a draft like another coupon, whatever has become of that.

    Raises: NotFound.
    """
    coupon = Coupon.objects.filter(pk=coupon_id).first()
    if coupon is None:
        raise NotFound("优惠券不存在")
    values = {field.name: getattr(coupon, field.name) for field in fields(CouponFields)}
    values["title"] = f"{coupon.title[: TITLE_MAX - len(_COPY)]}{_COPY}"
    return Coupon.objects.create(**values)


def _locked(coupon_id: int) -> Coupon:
    """Raises: NotFound."""
    coupon = coupon_lock(coupon_id)
    if coupon is None:
        raise NotFound("优惠券不存在")
    return coupon


def _label(name: str) -> str:
    field: Any = Coupon._meta.get_field(name)
    return str(field.verbose_name)


def _status_set(coupon: Coupon, status: CouponStatus) -> None:
    coupon.status = status
    coupon.save(update_fields=["status", "updated_at"])


def _require_open_fields(
    coupon: Coupon, changed: Sequence[str], total_limit: int | None
) -> None:
    """Raises: Invalid."""
    for name in changed:
        if name not in OPEN_FIELDS:
            raise Invalid.field(name, f"优惠券已发布,{_label(name)}不能再改")
    if total_limit is not None and total_limit < coupon.claimed_count:
        told = f"已领取{coupon.claimed_count}张,发放总量不能更少"
        raise Invalid.field("total_limit", told)


def _require_sense(written: CouponFields) -> None:
    """Refuse what the constraints would, in words, and targets that are not there.

    Raises: Invalid.
    """
    if not written.title:
        raise Invalid.field("title", "名称不能为空")
    if (written.kind == CouponKind.PERCENTAGE) != (written.percent_off is not None):
        raise Invalid.field("percent_off", "折扣券要填减百分之几,满减券不填")
    if written.valid_days is None:
        _require_period("valid", written.valid_from, written.valid_until)
        if written.valid_from is None:
            raise Invalid.field("valid_days", "请填写使用时间,或者领取后几天有效")
    elif written.valid_from or written.valid_until:
        raise Invalid.field("valid_days", "使用时间和领取后几天有效只能填一种")
    _require_period("claim", written.claim_from, written.claim_until)
    _require_targets(written)


def _require_period(name: str, begin: datetime | None, end: datetime | None) -> None:
    """Raises: Invalid."""
    if name == "valid" and (begin is None) != (end is None):
        raise Invalid.field("valid_until", "使用开始和使用结束要一起填")
    if begin is not None and end is not None and end <= begin:
        raise Invalid.field(f"{name}_until", "结束时间要晚于开始时间")


def _require_targets(written: CouponFields) -> None:
    """Raises: Invalid."""
    ids = set(written.target_ids)
    if written.scope == CouponScope.ALL:
        if ids:
            raise Invalid.field("target_ids", "适用全部商品时不用选择")
        return
    if not ids:
        raise Invalid.field("target_ids", "请选择适用的分类或商品")
    if len(ids) > TARGETS_MAX:
        raise Invalid.field("target_ids", f"最多选择{TARGETS_MAX}个")
    if written.scope == CouponScope.CATEGORIES:
        known = Category.objects.filter(pk__in=ids).count()
    else:
        known = Product.objects.present().filter(pk__in=ids).count()
    if known < len(ids):
        raise Invalid.field("target_ids", "有的分类或商品不存在")
