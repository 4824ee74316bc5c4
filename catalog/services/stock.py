"""Every change of a stock but by new orders: under the SKU's lock, with a ledger row.

Those are placed by a function of the database, in the same way.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import connection, models, transaction
from django.db.models import F, OuterRef, Subquery

from catalog.errors import StockChanged
from catalog.locks import products_lock, skus_lock
from catalog.models import MovementReason, Product, Sku, StockMovement
from catalog.services.counts import stock_edited
from shop.api.kept.store import answers_drop
from shop.errors import Invalid, NotFound

STOCK_MAX = 1_000_000_000

# One statement whatever the number of lines: the new stock and its ledger row.
_MOVE = """
WITH line AS (
    SELECT * FROM unnest(%s::bigint[], %s::integer[]) AS line (sku_id, delta)
), moved AS (
    UPDATE catalog_sku AS sku SET stock = sku.stock + line.delta
    FROM line WHERE sku.id = line.sku_id
    RETURNING sku.id, line.delta, sku.stock
)
INSERT INTO catalog_stockmovement
    (sku_id, delta, balance, reason, reference, operator_id, created_at)
SELECT id, delta, stock, %s, %s, %s, clock_timestamp() FROM moved ORDER BY id
"""


def stock_take(*, quantities: Mapping[int, int], order_no: str) -> None:
    """Take pieces (by SKU id) for an order.

    Locks: the caller holds the SKUs' locks (`skus_lock`) and has checked the stock.
    """
    deltas = {sku_id: -quantity for sku_id, quantity in quantities.items()}
    _move(deltas, MovementReason.ORDER, order_no, None)


def stock_return(*, quantities: Mapping[int, int], order_no: str) -> None:
    """Give an unpaid order's pieces (by SKU id) back; retired SKUs take them too.

    Locks: takes the SKUs' locks. The ledger's unique constraint refuses a second time.
    """
    skus_lock(sku_ids=quantities)
    _move(quantities, MovementReason.ORDER_CANCELLED, order_no, None)


def stock_refund(*, quantities: Mapping[int, int], refund_no: str) -> None:
    """Take a refund's pieces (by SKU id) back.

    Locks and once alone: as stock_return.
    """
    skus_lock(sku_ids=quantities)
    _move(quantities, MovementReason.REFUND, refund_no, None)


def stock_set(
    *,
    skus: Iterable[Sku],
    stocks: Mapping[int, int],
    expected: Mapping[int, int],
    reason: MovementReason,
    operator_id: int | None,
) -> None:
    """Make stocks (by SKU id) absolute figures; no ledger row where nothing changes.

    Locks: the caller holds the SKUs' locks and passes the rows as read under them.
    Raises: StockChanged, when the caller expected another figure.
    """
    deltas = {}
    for sku in skus:
        if expected.get(sku.pk, sku.stock) != sku.stock:
            raise StockChanged(skuId=sku.pk, stock=sku.stock)
        if delta := stocks.get(sku.pk, sku.stock) - sku.stock:
            deltas[sku.pk] = delta
    if deltas:
        _move(deltas, reason, "", operator_id)
        stock_edited(sku_ids=deltas)


@transaction.atomic
def stock_adjust(
    *,
    sku_id: int,
    delta: int,
    note: str,
    operator_id: int | None,
    expected_stock: int | None = None,
    expected_adjustment: int | None = None,
) -> int:
    """Add or take pieces by hand; return the new stock. The ledger keeps the note.

    `expected_stock` and `expected_adjustment` (`last_adjustment_id`) are what the
    editor saw. The second bears orders that came meanwhile, but neither another
    editor nor the same form sent twice.
    Locks: the SKU.
    Raises: NotFound, Invalid, StockChanged.
    """
    answers_drop()
    sku = skus_lock(sku_ids=[sku_id]).get(sku_id)
    if sku is None:
        raise NotFound("SKU不存在")
    last = last_adjustment_id(sku_id=sku_id)
    if expected_stock not in (None, sku.stock) or expected_adjustment not in (
        None,
        last,
    ):
        raise StockChanged(skuId=sku_id, stock=sku.stock)
    if refusal := _stock_refusal(sku.stock, delta):
        raise Invalid.field("quantity", refusal)
    _move({sku_id: delta}, MovementReason.ADJUSTMENT, note, operator_id)
    stock_edited(sku_ids=[sku_id])
    return sku.stock + delta


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """A change of a SKU's stock by hand, and what the editor saw: as stock_adjust."""

    sku_id: int
    delta: int
    expected_stock: int | None = None
    expected_adjustment: int | None = None


@transaction.atomic
def stocks_adjust(
    *, adjustments: Collection[Adjustment], note: str, operator_id: int | None
) -> None:
    """Adjust the stocks of offered SKUs, each once: all of them, or none.

    Locks: the SKUs in primary-key order.
    Raises: Invalid, whose `fields` say by SKU id why each refused line is.
    """
    answers_drop()
    ids = {line.sku_id for line in adjustments}
    rows = skus_lock(sku_ids=ids)
    lasts = last_adjustment_ids(sku_ids=ids)
    refused: dict[str, list[str]] = {}
    for line in adjustments:
        if told := _refusal(line, rows.get(line.sku_id), lasts.get(line.sku_id, 0)):
            refused[str(line.sku_id)] = [told]
    if refused:
        raise Invalid(fields=refused)
    deltas = {line.sku_id: line.delta for line in adjustments}
    _move(deltas, MovementReason.ADJUSTMENT, note, operator_id)
    stock_edited(sku_ids=ids)


def _refusal(line: Adjustment, sku: Sku | None, last: int) -> str:
    """Say why a line can't be; empty when it can."""
    if sku is None or not sku.is_active:
        return "规格已删除"
    if line.expected_stock not in (None, sku.stock):
        return f"库存已变化,现有{sku.stock}件,请重新打开页面"
    if line.expected_adjustment not in (None, last):
        return f"库存已被调整过,现有{sku.stock}件,请重新打开页面"
    return _stock_refusal(sku.stock, line.delta)


def last_adjustment_ids(*, sku_ids: Iterable[int]) -> dict[int, int]:
    """Name the last change of each SKU's stock by hand, where there is one."""
    rows = StockMovement.objects.filter(
        sku=OuterRef("pk"), reason=MovementReason.ADJUSTMENT
    )
    last = Subquery(rows.order_by("-pk").values("pk")[:1])
    found = Sku.objects.filter(pk__in=sku_ids).annotate(last=last)
    return dict(found.exclude(last=None).values_list("pk", "last"))


def last_adjustment_id(*, sku_id: int) -> int:
    """Name the last change of a SKU's stock by hand; 0 when there is none."""
    return last_adjustment_ids(sku_ids=[sku_id]).get(sku_id, 0)


def _stock_refusal(stock: int, delta: int) -> str:
    if not delta:
        return "库存没有变化"
    if stock + delta < 0:
        return f"库存只有{stock}件,不能减少{-delta}件"
    return f"库存不能大于{STOCK_MAX}" if stock + delta > STOCK_MAX else ""


def sales_add(*, quantities: Mapping[int, int]) -> None:
    """Count pieces (by product id) as sold; negative ones take a count back.

    Locks: takes the products' locks in primary-key order.
    """
    products_lock(quantities)
    amount = models.Case(
        *(models.When(pk=pk, then=number) for pk, number in quantities.items()),
        output_field=models.IntegerField(),
    )
    Product.objects.filter(pk__in=quantities).update(sales=F("sales") + amount)


def _move(
    deltas: Mapping[int, int],
    reason: MovementReason,
    reference: str,
    operator_id: int | None,
) -> None:
    ids = list(deltas)
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE, [ids, [deltas[i] for i in ids], reason, reference, operator_id]
        )
