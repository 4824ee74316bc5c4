"""Goods leave and are received, products and shoppers go."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from catalog.models import Product
from orders.services.accounts import account_delete
from orders.services.fulfilment import order_confirm, order_ship, orders_confirm_due
from orders.tests.money.rules import Rules, chosen, picks, pieces
from orders.tests.money.things import CONFIRM_TIME, Deal, Line
from orders.tests.money.world import expected


class GoodsRules(Rules):
    """What happens to goods, products and accounts."""

    def to_ship(self) -> list[Deal]:
        return [
            one
            for one in self.shop.orders
            if one.status == "paid" and not one.is_closing
        ]

    @precondition(lambda self: self.to_ship())
    @rule(pick=picks, counts=pieces)
    def ship(self, pick: int, counts: list[int]) -> None:
        deal = chosen(self.to_ship(), self.shop.orders, pick)
        self.parcel(deal, self.some(deal, counts))

    def parcel(self, deal: Deal, wanted: dict[Line, int]) -> None:
        is_legal = (
            deal in self.to_ship()
            and bool(wanted)
            and all(count <= deal.left(line) for line, count in wanted.items())
        )
        with expected(is_legal):
            order_ship(
                order_id=self.world.order_of(deal).pk,
                carrier="SF",
                tracking_no=f"SF{self.world.clock.now.timestamp()}",
                operator_id=self.world.staff.pk,
                quantities={line.pk: count for line, count in wanted.items()},
            )
        if is_legal:
            for line, count in wanted.items():
                line.shipped += count
            self.shop.move_on(deal)

    def some(self, deal: Deal, counts: list[int]) -> dict[Line, int]:
        """Return pieces by line."""
        wanted = dict(zip(deal.lines, counts, strict=False))
        return {line: count for line, count in wanted.items() if count}

    def shipped(self) -> list[Deal]:
        return [one for one in self.shop.orders if one.status == "shipped"]

    @precondition(lambda self: self.shipped())
    @rule(pick=picks)
    def confirm(self, pick: int) -> None:
        shipped = self.shipped()
        deal = chosen(shipped, self.shop.orders, pick)
        with expected(deal in shipped):
            order_confirm(order_no=deal.number, user_id=deal.shopper.pk)
        if deal in shipped:
            deal.status, deal.completed_at = "completed", self.world.clock.now

    @precondition(lambda self: self.shipped())
    @rule()
    def confirm_by_time(self) -> None:
        now = self.world.clock.now
        orders_confirm_due()
        for deal in self.shipped():
            is_held = not all(refund.is_ended for refund in deal.refunds)
            if deal.shipped_at + CONFIRM_TIME <= now and not is_held:
                deal.status, deal.completed_at = "completed", now

    @rule(pick=picks)
    def take_off_sale(self, pick: int) -> None:
        goods = self.shop.goods[pick % len(self.shop.goods)]
        goods.is_on_sale = pick % 3 > 0
        status = "on_sale" if goods.is_on_sale else "off_sale"
        Product.objects.filter(pk=goods.pk).update(status=status)

    @rule(pick=st.integers(0, 9))
    def leave(self, pick: int) -> None:
        """The last of the shoppers has the account deleted, now and then."""
        shopper = self.shop.shoppers[-1]
        if pick or not shopper.is_here:
            return
        own = [one for one in self.shop.orders if one.shopper is shopper]
        is_legal = all(
            one.is_ended and all(refund.is_ended for refund in one.refunds)
            for one in own
        )
        with expected(is_legal):
            account_delete(user_id=shopper.pk)
        shopper.is_here = not is_legal
