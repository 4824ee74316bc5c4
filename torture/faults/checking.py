"""Whether the books say what was promised, and the same on both sides."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from torture.faults.books import (
    ShopBooks,
    ShopOrder,
    ShopPayment,
    ShopRefund,
    WeChatBooks,
)
from torture.faults.journal import Deed, Journal, Promise


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong; with the promise that was broken, if it is one."""

    problem: str
    promise: Promise | None = None


def books_check(
    journal: Journal, shop: ShopBooks, wechat: WeChatBooks
) -> list[Finding]:
    """Return all that is wrong, of a shop that has come to rest."""
    return [
        *_promises_check(journal, shop),
        *_orders_check(journal, shop),
        *_payments_check(shop, wechat),
        *_refunds_check(shop, wechat),
        *_stock_check(journal, shop),
    ]


# --- What was promised ----------------------------------------------------------------


class _Shelf:
    """The shop's books, each row by its number."""

    def __init__(self, shop: ShopBooks) -> None:
        self.orders: Mapping[str, ShopOrder] = {one.number: one for one in shop.orders}
        self.refunds: Mapping[str, ShopRefund] = {
            one.number: one for one in shop.refunds
        }
        self.payments: dict[str, list[ShopPayment]] = defaultdict(list)
        for payment in shop.payments:
            self.payments[payment.transaction_id].append(payment)


def _promises_check(journal: Journal, shop: ShopBooks) -> Iterator[Finding]:
    shelf = _Shelf(shop)
    for promise in journal.promises:
        if promise.deed == Deed.STOCKED:
            continue
        found, wanted = _KEPT[promise.deed](shelf, promise)
        if found != wanted:
            told = f"{promise.deed} {promise.number}: {wanted} was promised"
            yield Finding(f"{told}, there is {found}", promise)


def _order(shelf: _Shelf, promise: Promise) -> ShopOrder | None:
    return shelf.orders.get(promise.number)


def _placed(shelf: _Shelf, promise: Promise) -> tuple[object, object]:
    order = _order(shelf, promise)
    found = order and (order.key, order.total_fen)
    return found, (promise.proof, promise.amount)


def _paid(shelf: _Shelf, promise: Promise) -> tuple[object, object]:
    found = [
        (one.order_number, one.amount_fen, one.state)
        for one in shelf.payments[promise.proof]
    ]
    return found, [(promise.number, promise.amount, "succeeded")]


def _status(wanted: str) -> Callable[[_Shelf, Promise], tuple[object, object]]:
    def kept(shelf: _Shelf, promise: Promise) -> tuple[object, object]:
        order = _order(shelf, promise)
        return order and order.status, wanted

    return kept


def _shipped(shelf: _Shelf, promise: Promise) -> tuple[object, object]:
    order = _order(shelf, promise)
    has_left = order and order.status in {"shipped", "completed"}
    return order and (order.parcels, has_left), ([promise.proof], True)


def _asked(shelf: _Shelf, promise: Promise) -> tuple[object, object]:
    refund = shelf.refunds.get(promise.number)
    return refund and refund.amount_fen, promise.amount


def _granted(shelf: _Shelf, promise: Promise) -> tuple[object, object]:
    refund = shelf.refunds.get(promise.number)
    return refund and refund.state, "succeeded"


# What is stocked is checked with all that was sold of it.
_KEPT: Mapping[Deed, Callable[[_Shelf, Promise], tuple[object, object]]] = {
    Deed.PLACED: _placed,
    Deed.PAID: _paid,
    Deed.CANCELLED: _status("cancelled"),
    Deed.ASKED: _asked,
    Deed.GRANTED: _granted,
    Deed.SHIPPED: _shipped,
    Deed.CONFIRMED: _status("completed"),
}


# --- What nobody asked for ------------------------------------------------------------


def _orders_check(journal: Journal, shop: ShopBooks) -> Iterator[Finding]:
    """Find orders of a key that nobody sent; those without one are the demo's."""
    keys = Counter(one.key for one in shop.orders if one.key is not None)
    for key, times in keys.items():
        if key not in journal.keys:
            yield Finding(f"an order of key {key}, which nobody sent")
        if times > 1:
            yield Finding(f"{times} orders of key {key}")


# --- What both sides know -------------------------------------------------------------


def _payments_check(shop: ShopBooks, wechat: WeChatBooks) -> Iterator[Finding]:
    yield from _compare(
        "payment",
        (
            (one.out_trade_no, one.transaction_id, one.amount_fen)
            for one in shop.payments
        ),
        (
            (one.out_trade_no, one.transaction_id, one.amount_fen)
            for one in wechat.payments
        ),
    )
    succeeded = Counter(
        one.order_number for one in shop.payments if one.state == "succeeded"
    )
    for number, times in succeeded.items():
        if times > 1:
            yield Finding(f"order {number} is paid {times} times")


def _refunds_check(shop: ShopBooks, wechat: WeChatBooks) -> Iterator[Finding]:
    yield from _compare(
        "refund",
        (
            (one.out_refund_no, one.out_trade_no, one.amount_fen)
            for one in shop.refunds
            if one.state == "succeeded"
        ),
        (
            (one.out_refund_no, one.out_trade_no, one.amount_fen)
            for one in wechat.refunds
            if one.status == "SUCCESS"
        ),
    )
    for one in wechat.refunds:
        if one.status != "SUCCESS":
            yield Finding(f"refund {one.out_refund_no} is {one.status} at WeChat")


def _compare(
    what: str, ours: Iterable[tuple[object, ...]], theirs: Iterable[tuple[object, ...]]
) -> Iterator[Finding]:
    """Find what one side has more often than the other."""
    own, other = Counter(ours), Counter(theirs)
    for facts in own | other:
        if own[facts] != other[facts]:
            yield Finding(
                f"{what} {facts}: {own[facts]} times at the shop,"
                f" {other[facts]} times at WeChat"
            )


# --- Stock ----------------------------------------------------------------------------


def _stock_check(journal: Journal, shop: ShopBooks) -> Iterator[Finding]:
    """Find SKUs of which pieces were lost or made; those of the demo are not told."""
    gone = Counter[int]()
    for order in shop.orders:
        if order.status != "cancelled" or order.was_paid:
            for sku, pieces in order.lines:
                gone[sku] += pieces
    for promise in journal.promises:
        if promise.deed == Deed.STOCKED:
            sku = int(promise.number)
            left, sold = shop.stock.get(sku, 0), gone[sku] - shop.back.get(sku, 0)
            if left + sold != promise.amount:
                yield Finding(
                    f"SKU {sku}: {promise.amount} pieces were put in, {left} are left"
                    f" and {sold} are held or sold",
                    promise,
                )
