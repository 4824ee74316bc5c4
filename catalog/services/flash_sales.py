"""The writes of flash sales and group prices.

What has begun is what shoppers have seen: it may end early or get more pieces, and
nothing else of it changes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.errors import FlashSaleChanged, FlashSaleConflict, FlashSaleFixed
from catalog.locks import flash_sale_lock, offers_lock, skus_lock
from catalog.models import FlashSale, FlashSaleKind, FlashSaleSku, ProductStatus, Sku
from shop.api.kept.store import answers_drop
from shop.errors import Invalid, NotFound

LINES_MAX = 100
# As many pieces as an order may have of one SKU.
PIECES_MAX = 999


@dataclass(frozen=True, kw_only=True)
class SaleLine:
    """A SKU in a sale, as the editor wants it."""

    sku_id: int
    price: Decimal
    stock: int
    user_limit: int | None = None
    min_quantity: int = 1


@transaction.atomic
def flash_sale_create(
    *,
    name: str,
    kind: FlashSaleKind,
    starts_at: datetime,
    ends_at: datetime,
    lines: Sequence[SaleLine],
) -> FlashSale:
    """Add a sale; one that has begun by then runs at once.

    Locks: its SKUs.
    Raises: Invalid, FlashSaleConflict.
    """
    answers_drop()
    sale = FlashSale(name=name, kind=kind, starts_at=starts_at, ends_at=ends_at)
    _write(sale, lines, offers_lock(sku_ids=[line.sku_id for line in lines]))
    return sale


@transaction.atomic
def flash_sale_update(
    *,
    sale_id: int,
    expected_version: str,
    name: str,
    kind: FlashSaleKind,
    starts_at: datetime,
    ends_at: datetime,
    lines: Sequence[SaleLine],
) -> None:
    """Change a sale that has not begun; `lines` replaces what is in it.

    `expected_version` is the one that the editor saw.

    Locks: the sale, then the SKUs that were in it and those that will be.
    Raises: NotFound, Invalid, FlashSaleChanged, FlashSaleConflict, FlashSaleFixed.
    """
    answers_drop()
    sale = _locked(sale_id)
    wanted = {line.sku_id for line in lines}
    skus = offers_lock(sku_ids=wanted | _sku_ids(sale))
    _require_unbegun(sale)
    if sale.version != expected_version:
        raise FlashSaleChanged
    sale.lines.all().delete()
    sale.name, sale.kind = name, kind
    sale.starts_at, sale.ends_at = starts_at, ends_at
    _write(sale, lines, {pk: sku for pk, sku in skus.items() if pk in wanted})


@transaction.atomic
def flash_sale_delete(*, sale_id: int) -> None:
    """Delete a sale that has not begun.

    Locks: the sale, then its SKUs.
    Raises: NotFound, FlashSaleFixed.
    """
    answers_drop()
    sale = _locked(sale_id)
    skus_lock(sku_ids=_sku_ids(sale))
    _require_unbegun(sale)
    sale.delete()


@transaction.atomic
def flash_sale_end(*, sale_id: int) -> None:
    """End a running sale now; what was ordered in it keeps its price.

    Locks: the sale, then its SKUs, so that no order is being placed in it.
    Raises: NotFound, FlashSaleFixed.
    """
    answers_drop()
    sale = _locked(sale_id)
    skus_lock(sku_ids=_sku_ids(sale))
    now = timezone.now()
    if not sale.is_running(now):
        raise FlashSaleFixed("活动没有在进行,不能提前结束")
    sale.ends_at, sale.is_ended_early = now, True
    sale.save(update_fields=["ends_at", "is_ended_early"])
    sale.lines.update(ends_at=now)


@transaction.atomic
def flash_sale_restock(*, sale_id: int, stocks: Mapping[int, int]) -> None:
    """Give a running sale more pieces: `stocks` are new totals, by id of its lines.

    As totals, so that the same page sent twice adds once.
    Locks: the sale, then its SKUs.
    Raises: NotFound, FlashSaleFixed, Invalid.
    """
    answers_drop()
    sale = _locked(sale_id)
    skus = offers_lock(sku_ids=_sku_ids(sale))
    if not sale.is_running(timezone.now()):
        raise FlashSaleFixed("活动没有在进行,不能追加库存")
    lines = list(sale.lines.filter(pk__in=stocks))
    raised = [line for line in lines if stocks[line.pk] != line.stock]
    if not raised:
        raise Invalid("活动库存没有变化")
    for line in raised:
        _require_more(line, skus[line.sku_id], stocks[line.pk])
        line.stock = stocks[line.pk]
    FlashSaleSku.objects.bulk_update(raised, ["stock"])


def _require_more(line: FlashSaleSku, sku: Sku, stock: int) -> None:
    """Raises: Invalid."""
    if stock < line.stock:
        raise Invalid(f"{sku}的活动库存是{line.stock},只能增加")
    if stock - line.sold > sku.stock:
        most = line.sold + sku.stock
        raise Invalid(f"{sku}只有库存{sku.stock}件,活动库存最多{most}")


def flash_sales_count(*, pieces: Mapping[int, int]) -> None:
    """Count pieces (by id of a sale's line) as sold; negative ones take a count back.

    Locks: the caller holds those of the SKUs (`skus_lock`).
    """
    for line_id, quantity in pieces.items():
        rows = FlashSaleSku.objects.filter(pk=line_id)
        rows.update(sold=F("sold") + quantity)


def _locked(sale_id: int) -> FlashSale:
    sale = flash_sale_lock(sale_id)
    if sale is None:
        raise NotFound("活动不存在")
    return sale


def _sku_ids(sale: FlashSale) -> set[int]:
    return set(sale.lines.values_list("sku_id", flat=True))


def _require_unbegun(sale: FlashSale) -> None:
    """Ask the rows too: the clock of whoever sold may be ahead of ours.

    Raises: FlashSaleFixed.
    """
    if sale.has_begun(timezone.now()) or sale.lines.filter(sold__gt=0).exists():
        raise FlashSaleFixed


def _write(sale: FlashSale, lines: Sequence[SaleLine], skus: Mapping[int, Sku]) -> None:
    """Check a sale whose SKUs are locked, and write it with its lines.

    Raises: Invalid, FlashSaleConflict.
    """
    _require_terms(sale, lines)
    for line in lines:
        if refusal := _refusal(sale, line, skus.get(line.sku_id)):
            raise Invalid(refusal)
    _require_once(lines, skus)
    _require_free(sale, skus)
    sale.save()
    FlashSaleSku.objects.bulk_create(_row(sale, line) for line in lines)


def _row(sale: FlashSale, line: SaleLine) -> FlashSaleSku:
    times: dict[str, Any] = {"starts_at": sale.starts_at, "ends_at": sale.ends_at}
    return FlashSaleSku(sale=sale, **asdict(line), **times)


def _require_terms(sale: FlashSale, lines: Sequence[SaleLine]) -> None:
    if sale.ends_at <= sale.starts_at:
        raise Invalid.field("ends_at", "结束时间必须晚于开始时间")
    if sale.ends_at <= timezone.now():
        raise Invalid.field("ends_at", "结束时间已过")
    if not lines:
        raise Invalid("活动至少要有一个商品")
    if len(lines) > LINES_MAX:
        raise Invalid(f"活动最多{LINES_MAX}个规格")


def _require_once(lines: Sequence[SaleLine], skus: Mapping[int, Sku]) -> None:
    """Raises: Invalid."""
    counts = Counter(line.sku_id for line in lines)
    sku_id, count = counts.most_common(1)[0]
    if count > 1:
        raise Invalid(f"{skus[sku_id]}重复了")


def _refusal(sale: FlashSale, line: SaleLine, sku: Sku | None) -> str:
    """Say why a line can't be; empty when it can."""
    if sku is None or not sku.is_active or _is_deleted(sku):
        return "有商品或规格已删除,请重新选择"
    if not Decimal("0.01") <= line.price < sku.price:
        return f"{sku}的活动价应低于售价{sku.price},不低于0.01"
    if not 1 <= line.stock <= sku.stock:
        return f"{sku}只有库存{sku.stock}件,活动库存应在1到{sku.stock}之间"
    return _quantity_refusal(sale, line, str(sku))


def _is_deleted(sku: Sku) -> bool:
    return sku.product.status == ProductStatus.DELETED


def _quantity_refusal(sale: FlashSale, line: SaleLine, name: str) -> str:
    is_group = sale.kind == FlashSaleKind.GROUP
    if is_group and not 2 <= line.min_quantity <= min(line.stock, PIECES_MAX):
        return f"{name}的起购件数应在2到活动库存之间,最多{PIECES_MAX}"
    if not is_group and line.min_quantity != 1:
        return f"{name}:秒杀没有起购件数,请留空"
    limit = line.user_limit
    if limit is not None and not line.min_quantity <= limit <= PIECES_MAX:
        return f"{name}的每人限购应在{line.min_quantity}到{PIECES_MAX}之间"
    return ""


def _require_free(sale: FlashSale, skus: Iterable[int]) -> None:
    """Keep a SKU out of two sales at once; their locks keep twins out.

    Raises: FlashSaleConflict.
    """
    others = FlashSaleSku.objects.exclude(sale=sale.pk).filter(
        sku__in=list(skus), starts_at__lt=sale.ends_at, ends_at__gt=sale.starts_at
    )
    other = others.select_related("sale", "sku__product").order_by("pk").first()
    if other is not None:
        raise FlashSaleConflict(
            f"{other.sku}在“{other.sale}”({_span(other.sale)})中,"
            "同一时间只能参加一个活动"
        )


def _span(sale: FlashSale) -> str:
    starts, ends = map(timezone.localtime, (sale.starts_at, sale.ends_at))
    return f"{starts:%Y-%m-%d %H:%M} 至 {ends:%Y-%m-%d %H:%M}"
