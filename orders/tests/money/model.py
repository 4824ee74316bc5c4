"""What orders, stock and money must do: the plainest model, made from the docs alone.

Amounts are fen. It knows no database, no lock and no code of the services.
"""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

from orders.tests.money.things import (
    ASKED,
    COUPON_FROM,
    COUPON_OFF,
    DAY_CAP,
    FREIGHT_FIRST,
    FREIGHT_FREE_FROM,
    FREIGHT_FURTHER,
    SHOP_TIME,
    Attempt,
    Deal,
    Goods,
    Line,
    Return,
    Shopper,
)


class Shop:
    """Every rule about money, on plain objects."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.goods: list[Goods] = []
        self.shoppers: list[Shopper] = []
        self.orders: list[Deal] = []
        # What staff are told to look at: its kind, and what it is about.
        self.anomalies: set[tuple[str, str]] = set()

    @property
    def attempts(self) -> list[Attempt]:
        return [one for order in self.orders for one in order.attempts]

    @property
    def refunds(self) -> list[Return]:
        return [one for order in self.orders for one in order.refunds]

    def price(self, order: Deal, *, has_coupon: bool) -> None:
        """Say what a new order costs beside its goods, and what is taken off them.

        Of a coupon each line has its share in whole fen; those that lack most of one
        get what is left over, of equals the first.
        """
        goods = order.goods_amount
        if goods < FREIGHT_FREE_FROM:
            pieces = sum(line.quantity for line in order.lines)
            order.freight = FREIGHT_FIRST + FREIGHT_FURTHER * (pieces - 1)
        if has_coupon:
            order.coupon = order.discount = COUPON_OFF
            for line in order.lines:
                line.off = COUPON_OFF * line.cost // goods
            rests = sorted(
                order.lines, key=lambda one: -(COUPON_OFF * one.cost % goods)
            )
            for line in rests[: COUPON_OFF - sum(line.off for line in order.lines)]:
                line.off += 1

    def has_coupon(self, shopper: Shopper, goods_amount: int) -> bool:
        return shopper.coupon_user is None and goods_amount >= COUPON_FROM

    def place(self, order: Deal) -> None:
        for line in order.lines:
            line.goods.stock -= line.quantity
        if order.coupon:
            order.shopper.coupon_user = order
        self.orders.append(order)

    def release(self, order: Deal) -> None:
        """Cancel an unpaid order: its pieces come back, nobody can pay it."""
        for line in order.lines:
            line.goods.stock += line.quantity
        for attempt in order.attempts:
            if attempt.state == "open":
                attempt.state = "closed"
        order.status, order.is_closing = "cancelled", False
        self._give_back(order)

    def _give_back(self, order: Deal) -> None:
        if order.coupon:
            order.shopper.coupon_user = None

    # --- money that comes

    def settle(self, attempt: Attempt) -> str:
        """WeChat says that it was paid; return what that does.

        "again": the caller names the order that was placed again (`placed_again`).
        """
        order = attempt.order
        if attempt.state in ("succeeded", "undue"):
            return "nothing"
        if order.replaced_by or order.payment:
            return self._undue(attempt, "second")
        if order.status == "cancelled":
            if attempt.amount == order.total and self._is_placeable(order):
                self.anomalies.add(("late", attempt.number))
                return "again"
            return self._undue(attempt, "late")
        if attempt.amount != order.total:
            return self._undue(attempt, "old_price")
        self._pay(order, attempt)
        return "paid"

    def _is_placeable(self, order: Deal) -> bool:
        is_coupon_gone = order.coupon and order.shopper.coupon_user
        is_there = order.shopper.is_here and not is_coupon_gone
        return is_there and all(
            line.goods.is_on_sale and line.goods.stock >= line.quantity
            for line in order.lines
        )

    def _undue(self, attempt: Attempt, kind: str) -> str:
        attempt.state = "undue"
        self.anomalies.add((kind, attempt.number))
        return "undue"

    def placed_again(self, attempt: Attempt, order: Deal) -> None:
        old = attempt.order
        old.replaced_by = order
        old.attempts.remove(attempt)
        order.attempts.append(attempt)
        attempt.order = order
        self.place(order)
        self._pay(order, attempt)

    def _pay(self, order: Deal, attempt: Attempt) -> None:
        attempt.state = "succeeded"
        order.status, order.is_closing = "paid", False
        for line in order.lines:
            line.goods.sales += line.quantity
        for other in order.attempts:
            # Nobody shall pay it as well.
            if other.state == "open":
                other.state, other.is_to_close = "closed", True

    # --- money that goes back

    def is_refundable(self, order: Deal) -> bool:
        is_paid = order.status in ("paid", "shipped", "completed")
        return is_paid and not order.is_closing

    def set_aside(
        self, order: Deal, pieces: dict[Line, int], *, is_return: bool = False
    ) -> dict[Line, tuple[int, int]]:
        """Return the parts of a new refund: pieces that have not left go first.

        Of a return those that have left, alone.
        """
        return {
            line: (count, 0 if is_return else min(count, order.left(line)))
            for line, count in pieces.items()
        }

    def worth(self, order: Deal, pieces: dict[Line, int]) -> Fraction:
        """Return what pieces of an order are worth, before they are set aside.

        With the last pieces goes all that is left. Before that each piece is worth its
        share of the goods after the discount, less what was given without pieces; to
        within a fen for each rounding.
        """
        if self.is_last(order, pieces):
            return Fraction(order.remaining)
        return sum((self._share(order, *one) for one in pieces.items()), Fraction(0))

    def is_last(self, order: Deal, pieces: dict[Line, int]) -> bool:
        return all(order.free(line) == pieces.get(line, 0) for line in order.lines)

    def _share(self, order: Deal, line: Line, count: int) -> Fraction:
        so_far = line.quantity - order.free(line) + count
        cost = self.line_cost(order, line) - order.alone(line)
        return max(Fraction(0), cost * so_far / line.quantity - order.taken(line))

    def line_cost(self, order: Deal, line: Line) -> Fraction:
        """Return what was paid for a line.

        Its share of the coupon is its own. What staff have given beside that, all bear
        by what they cost then; if they have given less, by their shares.
        """
        goods, own = order.goods_amount, order.coupon
        if order.discount < own:
            return line.cost - Fraction(line.off * order.discount, own)
        rest = Fraction(goods - order.discount, goods - own)
        return (line.cost - line.off) * rest

    def is_right_amount(
        self, order: Deal, pieces: dict[Line, int], amount: int
    ) -> bool:
        """Check what is to go back for pieces of an order, before it is set aside."""
        worth = self.worth(order, pieces)
        if self.is_last(order, pieces):
            return amount == worth
        return abs(amount - worth) < 2 * len(pieces) and 0 < amount <= order.remaining

    # --- what staff grant

    def granted_of(self, order: Deal) -> int:
        """Add up what staff have granted of an order."""
        undecided = (*ASKED, "rejected", "withdrawn")
        return sum(
            one.amount
            for one in order.refunds
            if one.kind in ("after_sale", "staff") and one.state not in undecided
        )

    def left_today(self) -> int:
        """Return what staff can grant until midnight of the shop."""
        today = self._now().astimezone(SHOP_TIME).date()
        return DAY_CAP - sum(
            one.amount
            for one in self.refunds
            if one.granted_at and one.granted_at.astimezone(SHOP_TIME).date() == today
        )

    def grant(self, refund: Return) -> None:
        refund.state, refund.granted_at = "approved", self._now()
        self.granted(refund.order)

    def granted(self, order: Deal) -> None:
        """A refund needs no answer: what goes back in full does nothing else."""
        granted = [one for one in order.live() if not one.is_asked]
        if order.status == "paid" and not order.has_left and order.is_done(granted):
            order.is_closing = True

    def told(self, refund: Return, said: str) -> None:
        """WeChat says how a refund stands."""
        to = {"PROCESSING": "processing", "SUCCESS": "succeeded"}.get(said, "failed")
        error = said if to == "failed" else ""
        if refund.state == "succeeded" or (refund.state, refund.error) == (to, error):
            return
        refund.state, refund.error = to, error
        if said != "CLOSED" and not refund.is_accepted:
            refund.is_accepted = True
            self._follow(refund)
        if to == "failed":
            self.note_refund(refund, said)

    def refused(self, refund: Return, code: str) -> None:
        """WeChat will not have it: staff must look."""
        refund.state, refund.error = "failed", code
        self.note_refund(refund, code)

    def note_refund(self, refund: Return, said: str) -> None:
        self.anomalies.add(("refund_failed", f"{refund.out_number}:{said}"))

    def _follow(self, refund: Return) -> None:
        for line, (count, unshipped) in refund.parts.items():
            line.goods.sales -= count
            line.goods.stock += count if refund.is_restocked else unshipped
        if refund.parts:
            self.move_on(refund.order)
            self._follow_coupon(refund.order)

    def _follow_coupon(self, order: Deal) -> None:
        """It comes back with the last of the money, if nothing was kept of that."""
        taken = [one for one in order.live() if one.is_accepted]
        counts = [
            sum(one.parts.get(line, (0, 0))[0] for one in taken) for line in order.lines
        ]
        is_all = counts == [line.quantity for line in order.lines]
        if is_all and sum(one.amount for one in taken) == order.total:
            self._give_back(order)

    def move_on(self, order: Deal) -> None:
        """End the shipping of an order of which nothing is left to ship."""
        accepted = [one for one in order.live() if one.is_accepted]
        if order.status != "paid" or not order.is_done(accepted):
            return
        order.is_closing = False
        order.status = "shipped" if order.has_left else "cancelled"
        order.shipped_at = self._now() if order.has_left else None
