"""The check of a fault run's books finds what it is there for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from torture.faults.books import (
    ShopBooks,
    ShopOrder,
    ShopPayment,
    ShopRefund,
    WeChatBooks,
    WeChatPayment,
    WeChatRefund,
)
from torture.faults.checking import books_check
from torture.faults.journal import Deed, Journal

Books: TypeAlias = tuple[ShopBooks, WeChatBooks]
TEA = 7


def journal_make() -> Journal:
    """One shopper: three orders, one sent off, one refunded, one cancelled."""
    journal = Journal(keys={"k1", "k2", "k3", "k4"})
    journal.note(Deed.STOCKED, str(TEA), amount=10)
    for number, fen in ((1, 1980), (2, 990), (3, 990)):
        journal.note(Deed.PLACED, f"O{number}", amount=fen, proof=f"k{number}")
    journal.fault = "worker killed"
    for number, fen in ((1, 1980), (2, 990)):
        journal.note(Deed.PAID, f"O{number}", amount=fen, proof=f"T{number}")
    journal.note(Deed.CANCELLED, "O3")
    journal.note(Deed.SHIPPED, "O1", proof="SF1")
    journal.note(Deed.CONFIRMED, "O1")
    journal.note(Deed.ASKED, "R1", amount=990)
    journal.note(Deed.GRANTED, "R1")
    return journal


def books_make() -> Books:
    """Return books that keep all of it; the demo's order is nobody's."""
    shop = ShopBooks(
        orders=[
            ShopOrder("D1", None, 100, "paid", True, [], [[8, 1]]),
            ShopOrder("O1", "k1", 1980, "completed", True, ["SF1"], [[TEA, 2]]),
            ShopOrder("O2", "k2", 990, "cancelled", True, [], [[TEA, 1]]),
            ShopOrder("O3", "k3", 990, "cancelled", False, [], [[TEA, 1]]),
        ],
        payments=[
            ShopPayment("D1P", "D1", "T0", 100, "succeeded"),
            ShopPayment("O1P", "O1", "T1", 1980, "succeeded"),
            ShopPayment("O2P", "O2", "T2", 990, "succeeded"),
        ],
        refunds=[ShopRefund("R1", "R1T1", "O2P", 990, "succeeded")],
        stock={TEA: 8, 8: 3},
        back={TEA: 1},
    )
    wechat = WeChatBooks(
        payments=[
            WeChatPayment("D1P", "T0", 100),
            WeChatPayment("O1P", "T1", 1980),
            WeChatPayment("O2P", "T2", 990),
        ],
        refunds=[WeChatRefund("R1T1", "O2P", 990, "SUCCESS")],
    )
    return shop, wechat


def problems(shop: ShopBooks, wechat: WeChatBooks) -> list[str]:
    return [one.problem for one in books_check(journal_make(), shop, wechat)]


def test_books_that_keep_all_promises_are_right() -> None:
    assert problems(*books_make()) == []


def order_changed(number: str, **changes: Any) -> Callable[[Books], Books]:
    def change(books: Books) -> Books:
        orders = [
            replace(one, **changes) if one.number == number else one
            for one in books[0].orders
        ]
        return replace(books[0], orders=orders), books[1]

    return change


def order_lost(books: Books) -> Books:
    kept = [one for one in books[0].orders if one.number != "O1"]
    return replace(books[0], orders=kept), books[1]


def order_made(books: Books) -> Books:
    made = ShopOrder("O4", "k9", 100, "pending", False, [], [])
    return replace(books[0], orders=[*books[0].orders, made]), books[1]


def order_twice(books: Books) -> Books:
    twin = ShopOrder("O4", "k1", 100, "pending", False, [], [])
    return replace(books[0], orders=[*books[0].orders, twin]), books[1]


def paid_twice(books: Books) -> Books:
    more = ShopPayment("O1P2", "O1", "T9", 1980, "succeeded")
    return replace(books[0], payments=[*books[0].payments, more]), books[1]


def payment_lost(books: Books) -> Books:
    return replace(books[0], payments=books[0].payments[:-1]), books[1]


def payment_undue(books: Books) -> Books:
    *others, last = books[0].payments
    undue = replace(last, state="undue")
    return replace(books[0], payments=[*others, undue]), books[1]


def charged_more(books: Books) -> Books:
    *others, last = books[1].payments
    return books[0], replace(
        books[1], payments=[*others, replace(last, amount_fen=991)]
    )


def refund_lost(books: Books) -> Books:
    return replace(books[0], refunds=[]), books[1]


def refund_waits(books: Books) -> Books:
    return books[0], replace(
        books[1], refunds=[WeChatRefund("R1T1", "O2P", 990, "PROCESSING")]
    )


def refunded_twice(books: Books) -> Books:
    second = WeChatRefund("R1T2", "O2P", 990, "SUCCESS")
    return books[0], replace(books[1], refunds=[*books[1].refunds, second])


def stock_changed(pieces: int) -> Callable[[Books], Books]:
    def change(books: Books) -> Books:
        return replace(books[0], stock={TEA: pieces}), books[1]

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (order_lost, "placed O1: ('k1', 1980) was promised, there is None"),
        (
            order_changed("O1", total_fen=1979),
            "placed O1: ('k1', 1980) was promised, there is ('k1', 1979)",
        ),
        (
            order_changed("O3", status="paid"),
            "cancelled O3: cancelled was promised, there is paid",
        ),
        (
            order_changed("O1", status="shipped"),
            "confirmed O1: completed was promised, there is shipped",
        ),
        (
            order_changed("O1", parcels=["SF1", "SF1"]),
            "shipped O1: (['SF1'], True) was promised, there is (['SF1', 'SF1'], True)",
        ),
        (order_made, "an order of key k9, which nobody sent"),
        (order_twice, "2 orders of key k1"),
        (paid_twice, "order O1 is paid 2 times"),
        (
            paid_twice,
            "payment ('O1P2', 'T9', 1980): 1 times at the shop, 0 times at WeChat",
        ),
        (
            payment_lost,
            "paid O2: [('O2', 990, 'succeeded')] was promised, there is []",
        ),
        (
            payment_undue,
            "paid O2: [('O2', 990, 'succeeded')] was promised, there is"
            " [('O2', 990, 'undue')]",
        ),
        (
            charged_more,
            "payment ('O2P', 'T2', 991): 0 times at the shop, 1 times at WeChat",
        ),
        (refund_lost, "asked for money back R1: 990 was promised, there is None"),
        (refund_lost, "granted R1: succeeded was promised, there is None"),
        (refund_waits, "refund R1T1 is PROCESSING at WeChat"),
        (
            refunded_twice,
            "refund ('R1T2', 'O2P', 990): 0 times at the shop, 1 times at WeChat",
        ),
        (
            stock_changed(7),
            "SKU 7: 10 pieces were put in, 7 are left and 2 are held or sold",
        ),
        (
            stock_changed(9),
            "SKU 7: 10 pieces were put in, 9 are left and 2 are held or sold",
        ),
    ],
)
def test_what_is_wrong_is_told(change: Callable[[Books], Books], told: str) -> None:
    assert told in problems(*change(books_make()))


def test_what_was_lost_is_lost_under_its_fault() -> None:
    found = books_check(journal_make(), *payment_lost(books_make()))
    assert [one.promise.fault for one in found if one.promise] == ["worker killed"]
