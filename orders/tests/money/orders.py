"""Orders are placed, begun to be paid, repriced, cancelled and expire."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounts.models import User
from orders.services.closing import order_cancel, order_cancel_by_staff, orders_expire
from orders.services.order_requests import Wish
from orders.services.payments import payment_start
from orders.services.placing import Destination, OrderRequest, order_place
from orders.services.repricing import Price, order_reprice
from orders.tests.conftest import ADDRESS
from orders.tests.money.rules import Rules, chosen, picks, pieces
from orders.tests.money.things import CONFIRM_TIME, REFUND_TIME, Deal, yuan
from orders.tests.money.world import expected

JUMPS = [
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=31),
    timedelta(hours=7),
    CONFIRM_TIME + timedelta(minutes=1),
    REFUND_TIME + timedelta(minutes=1),
]


class OrderRules(Rules):
    """What shopper, staff and clock do with an unpaid order, and its cancel."""

    @rule(pick=picks, quantities=pieces, has_coupon=st.booleans())
    def place(self, pick: int, quantities: list[int], has_coupon: bool) -> None:
        shopper = self.shop.shoppers[pick % len(self.shop.shoppers)]
        wanted = [
            (goods, count)
            for goods, count in zip(self.shop.goods, quantities, strict=True)
            if count
        ] or [(self.shop.goods[0], 1)]
        is_legal = shopper.is_here and all(
            goods.is_on_sale and goods.stock >= count for goods, count in wanted
        )
        if has_coupon:
            amount = sum(goods.price * count for goods, count in wanted)
            is_legal = is_legal and self.shop.has_coupon(shopper, amount)
        request = OrderRequest(
            [Wish(goods.pk, None, count) for goods, count in wanted],
            Destination(**ADDRESS),
            coupon_id=self.world.coupon.pk if has_coupon else None,
        )
        with expected(is_legal):
            order, _ = order_place(user_id=shopper.pk, request=request)
        if is_legal:
            deal = self.world.deal_of(order, shopper)
            self.shop.price(deal, has_coupon=has_coupon)
            self.shop.place(deal)

    def payable(self) -> list[Deal]:
        return list(filter(self.is_payable, self.shop.orders))

    @precondition(lambda self: self.payable())
    @rule(pick=picks)
    def start_to_pay(self, pick: int) -> None:
        self.begin_to_pay(chosen(self.payable(), self.shop.orders, pick))

    def begin_to_pay(self, deal: Deal) -> None:
        is_legal = self.is_payable(deal)
        with expected(is_legal):
            user = User.objects.get(pk=deal.shopper.pk)
            payment_start(order_no=deal.number, user=user)
        if not is_legal:
            return
        attempt = deal.open_attempt
        if attempt and attempt.at_wechat == "CLOSED":
            # A repricing that did not get to its end has closed it.
            attempt.state = "closed"
        if deal.open_attempt is None:
            self.world.attempt_made(deal)

    def is_payable(self, deal: Deal) -> bool:
        is_open = deal.status == "pending" and not deal.is_closing
        return is_open and deal.expires_at > self.world.clock.now

    @precondition(lambda self: self.payable())
    @rule(
        pick=picks,
        freight=st.integers(0, 500),
        discount=st.integers(0, 150),
        trouble=st.sampled_from(["", "", "away", "lost"]),
    )
    def reprice(self, pick: int, freight: int, discount: int, trouble: str) -> None:
        deal = chosen(self.payable(), self.shop.orders, pick)
        is_new = (freight, discount) != (deal.freight, deal.discount)
        is_legal = self.is_payable(deal) and is_new
        attempt = deal.open_attempt if is_legal else None
        is_paid = attempt is not None and attempt.at_wechat == "SUCCESS"
        is_asked = attempt is not None and attempt.at_wechat == "NOTPAY"
        if trouble and is_asked:
            route, kind = {"away": ("query", "500"), "lost": ("close", "drop_reply")}[
                trouble
            ]
            self.world.simulator.fault(route, kind)
        is_done = is_legal and not is_paid and not (trouble and is_asked)
        with expected(is_done):
            order_reprice(
                order_id=self.world.order_of(deal).pk,
                seen=Price(yuan(deal.freight), yuan(deal.discount)),
                new=Price(yuan(freight), yuan(discount)),
                operator_id=self.world.staff.pk,
                reason="老顾客",
            )
        if attempt and is_paid:
            self.world.settled(attempt)
        if attempt and is_asked and trouble != "away":
            attempt.at_wechat = "CLOSED"
        if is_done:
            deal.freight, deal.discount = freight, discount
            if attempt:
                attempt.state = "closed"

    @rule(pick=picks, is_staff=st.booleans(), is_away=st.booleans())
    def cancel(self, pick: int, is_staff: bool, is_away: bool) -> None:
        def may(one: Deal) -> bool:
            # Staff refund what is paid, which not everybody may.
            is_unshipped = one.status == "paid" and not one.has_left and not is_staff
            return not one.is_closing and (one.status == "pending" or is_unshipped)

        deal = chosen(list(filter(may, self.shop.orders)), self.shop.orders, pick)
        is_legal, was_paid = may(deal), deal.status == "paid"
        attempt = deal.open_attempt if is_legal else None
        is_away = is_away and attempt is not None
        if is_away:
            self.world.simulator.fault("query", "500")
        is_overtaken = bool(attempt and attempt.at_wechat == "SUCCESS" and not is_away)
        before = {one.number for one in deal.refunds}
        with expected(is_legal and not is_overtaken):
            self.cancelled(deal, is_staff)
        if not is_legal:
            return
        if was_paid:
            for one in deal.refunds:
                if one.state == "requested":
                    one.state = "withdrawn"
            left = {line: deal.free(line) for line in deal.lines if deal.free(line)}
            self.begun(deal, "cancel", "approved", left, before)
        elif attempt and is_away:
            deal.is_closing, deal.closing_at = True, self.world.clock.now
            deal.due_at = deal.closing_at + timedelta(minutes=1)
        else:
            self.closed(deal)

    def cancelled(self, deal: Deal, is_staff: bool) -> None:
        if is_staff:
            order_cancel_by_staff(
                order_id=self.world.order_of(deal).pk,
                operator_id=self.world.staff.pk,
                reason="缺货",
            )
        else:
            order_cancel(order_no=deal.number, user_id=deal.shopper.pk)

    def closed(self, deal: Deal) -> None:
        """WeChat was asked: either it is paid, or nobody can pay it any more."""
        attempt = deal.open_attempt
        if attempt and attempt.at_wechat == "SUCCESS":
            self.world.settled(attempt)
            return
        if attempt:
            attempt.at_wechat = "CLOSED"
        self.shop.release(deal)

    @rule(by=st.sampled_from(JUMPS))
    def clock_jump(self, by: timedelta) -> None:
        self.world.clock.move(by)

    def due(self) -> list[Deal]:
        now = self.world.clock.now
        return [
            deal
            for deal in self.shop.orders
            if deal.status == "pending"
            and (deal.due_at if deal.is_closing else deal.expires_at) <= now
        ]

    @precondition(lambda self: self.due())
    @rule()
    def expire(self) -> None:
        due = self.due()
        orders_expire()
        for deal in due:
            self.closed(deal)
