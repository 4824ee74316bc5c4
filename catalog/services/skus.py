"""The set of a product's SKUs, replaced as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from catalog.locks import skus_lock
from catalog.models import MovementReason, Product, Sku
from catalog.services.counts import stock_edited
from catalog.services.stock import stock_set
from shop.errors import Invalid

SKUS_MAX = 200
# A ton.
WEIGHT_MAX = 1_000_000
# What an editor may write but the stock, which has a ledger.
_EDITED = ("specs", "price", "alarm_stock", "weight_grams", "code", "image")
_WRITTEN = (*_EDITED, "position", "is_active")


@dataclass(frozen=True, kw_only=True)
class SkuChange:
    """A SKU as the editor wants it; what is None stays, or is empty in a new one."""

    id: int | None = None
    specs: Mapping[str, str] | None = None
    price: Decimal | None = None
    stock: int | None = None
    expected_stock: int | None = None
    alarm_stock: int | None = None
    weight_grams: int | None = None
    code: str | None = None
    image: str | None = None


def skus_replace(
    *, product: Product, changes: Sequence[SkuChange], operator_id: int | None
) -> bool:
    """Make the changes the product's active SKUs, in their order.

    Says whether a SKU differs now, its stock aside.

    SKUs that are not named retire: they stay for the orders that hold them, with
    their stock and ledger. Sets the product's price and names of specs, unsaved.
    Locks: the caller holds the product's; takes those of its SKUs.
    Raises: Invalid, StockChanged.
    """
    current = skus_lock(product_ids=[product.pk])
    rows = skus_planned(product=product, current=current, changes=changes)
    has_changed = _write(current, rows)
    _stocks_set(rows, changes, known=current.keys(), operator_id=operator_id)
    product.price = min(row.price for row in rows)
    product.spec_names = list(rows[0].specs)
    return has_changed


def skus_planned(
    *, product: Product, current: Mapping[int, Sku], changes: Sequence[SkuChange]
) -> list[Sku]:
    """Return the SKUs, unsaved, that the changes would make of the current ones.

    Raises: Invalid.
    """
    rows = [_row(product, current, number, c) for number, c in enumerate(changes)]
    _require_a_set(rows)
    return rows


def sku_of_plain_product(*, product: Product) -> int:
    """Return the id of the only SKU behind a product that has one.

    Raises: Invalid, when it has several.
    """
    first, *others = Sku.objects.active().filter(product=product).order_by("pk")
    if others:
        raise Invalid.field("skus", "多规格商品的价格和库存请在SKU列表中修改")
    return first.pk


def _row(
    product: Product, current: Mapping[int, Sku], position: int, change: SkuChange
) -> Sku:
    """Return the SKU as it will be: the product's own, or a new one without stock."""
    if change.id is not None and change.id not in current:
        raise Invalid.field("skus", "SKU不属于该商品")
    old = Sku(product=product) if change.id is None else current[change.id]
    new = Sku(pk=old.pk, product=product, stock=old.stock, position=position)
    for name in _EDITED:
        value = getattr(change, name)
        setattr(new, name, getattr(old, name) if value is None else value)
    return new


def _require_a_set(rows: Sequence[Sku]) -> None:
    ids = [row.pk for row in rows if row.pk]
    if len(set(ids)) < len(ids):
        raise Invalid.field("skus", "SKU编号重复")
    if not rows or any(row.price is None for row in rows):
        raise Invalid.field("skus", "每个SKU都要有价格")
    if any(set(row.specs) != set(rows[0].specs) for row in rows):
        raise Invalid.field("skus", "各SKU的规格名称必须一致")
    if len({frozenset(row.specs.items()) for row in rows}) < len(rows):
        raise Invalid.field("skus", "SKU规格重复")


def _write(current: Mapping[int, Sku], rows: Sequence[Sku]) -> bool:
    """Write what differs; all retire first, so that two may swap specs or codes."""
    kept = [row for row in rows if row.pk]
    if len(kept) == len(rows) == len(current) and all(
        _facts(row) == _facts(current[row.pk]) for row in rows
    ):
        return False
    try:
        with transaction.atomic():
            Sku.objects.filter(pk__in=current).update(is_active=False)
            Sku.objects.bulk_update(kept, _WRITTEN)
            Sku.objects.bulk_create([row for row in rows if not row.pk])
            stock_edited(sku_ids=current)
    except IntegrityError as error:
        if "sku_code_once" in str(error):
            raise Invalid.field("skus", "SKU编码重复") from None
        raise
    return True


def _facts(sku: Sku) -> list[object]:
    return [getattr(sku, name) for name in _WRITTEN]


def _stocks_set(
    rows: Sequence[Sku],
    changes: Sequence[SkuChange],
    known: Iterable[int],
    operator_id: int | None,
) -> None:
    known = set(known)
    for is_old, reason in (
        (True, MovementReason.ADJUSTMENT),
        (False, MovementReason.INITIAL),
    ):
        pairs = [
            (row, change)
            for row, change in zip(rows, changes, strict=True)
            if (row.pk in known) == is_old
        ]
        stock_set(
            skus=[row for row, _ in pairs],
            stocks={row.pk: c.stock for row, c in pairs if c.stock is not None},
            expected={
                row.pk: c.expected_stock
                for row, c in pairs
                if is_old and c.expected_stock is not None
            },
            reason=reason,
            operator_id=operator_id,
        )
