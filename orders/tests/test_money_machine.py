"""Whatever shoppers, staff, WeChat and the clock do in turn, the money adds up.

Hypothesis makes up the stories: a plain model says what each step must do, the real
services and the real simulator do it, and after each step database, model, audit and
WeChat's books are compared. A run is the same each time. A longer one, ever different:

    MONEY_MACHINE=long .venv/bin/pytest orders/tests/test_money_machine.py --timeout=0
"""

import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from catalog.models import Product
from orders.models import Payment, PaymentNotice, Refund
from orders.services.accounts import account_delete
from orders.services.closing import order_cancel, order_cancel_by_staff, orders_expire
from orders.services.fulfilment import order_confirm, order_ship, orders_confirm_due
from orders.services.notices import notices_replay
from orders.services.payments import payment_settle, payment_start
from orders.services.payments.querying import payments_query_due
from orders.services.placing import Destination, OrderRequest, order_place
from orders.services.quoting import Wish
from orders.services.refunds import (
    refund_approve,
    refund_by_staff,
    refund_reject,
    refund_request,
    refund_retry,
    refund_withdraw,
    refunds_follow,
)
from orders.services.repricing import Price, order_reprice
from orders.tests.clock import MovableClock
from orders.tests.conftest import ADDRESS, work
from orders.tests.money_model import (
    CONFIRM_TIME,
    REFUND_TIME,
    Attempt,
    Deal,
    Line,
    Return,
    Shop,
)
from orders.tests.money_world import World, expected
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat import pay

# Prices that no discount divides well.
PRICES, STOCKS = (333, 1999), (9, 9)
SHOPPERS = ("ann", "bob")
JUMPS = [
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=31),
    timedelta(hours=7),
    CONFIRM_TIME + timedelta(minutes=1),
    REFUND_TIME + timedelta(minutes=1),
]
bounded = settings(
    max_examples=8,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PROFILES = {
    "": bounded,
    "long": settings(
        bounded,
        max_examples=1000,
        stateful_step_count=60,
        derandomize=False,
        phases=[Phase.generate],
        print_blob=True,
    ),
}
picks = st.integers(0, 999)
pieces = st.lists(st.integers(0, 2), min_size=2, max_size=2)


def chosen(wanted: Sequence[Any], all_of_them: Sequence[Any], pick: int) -> Any:
    """Mostly one to whom it may happen, now and then any other."""
    among = wanted if wanted and pick % 8 != 7 else all_of_them
    return among[pick // 8 % len(among)]


def yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


class MoneyMachine(RuleBasedStateMachine):
    """Each rule says what is legal, does it, and tells the model."""

    world: World

    @property
    def shop(self) -> Shop:
        return self.world.shop

    @initialize(quantities=st.lists(pieces, min_size=5, max_size=5))
    def open_shop(self, quantities: list[list[int]]) -> None:
        """Begin in the middle of things: with an order in each stage."""
        self.world.begin()
        for price, stock in zip(PRICES, STOCKS, strict=True):
            self.world.goods_make(price, stock)
        for name in SHOPPERS:
            self.world.shopper_login(name)
        for number, wanted in enumerate(quantities):
            self.place(number, wanted)
            self.begin_to_pay(self.shop.orders[number])
        _, paid, packed, asked, late = self.shop.orders
        for deal in (paid, packed, asked):
            self.paid(deal.attempts[0], "told")
        self.parcel(packed, {line: line.quantity for line in packed.lines})
        self.ask(asked, [1])
        self.cancelled(late, is_staff=False)
        self.closed(late)

    @invariant()
    def all_agree(self) -> None:
        self.world.compare()

    def teardown(self) -> None:
        """In the end everything is told, and the books agree without exception."""
        # A step that failed is what must be seen, not what follows from it.
        if sys.exception() is None:
            self.end_all()

    def end_all(self) -> None:
        for attempt in self.paid_there():
            assert self.world.simulator.notify(attempt.number) == 204
            self.world.settled(attempt)
        self.work()
        self.follow()
        for refund in self.held():
            self.decided(refund, "SUCCESS")
        self.world.compare(is_settled=True)

    # --- orders

    @rule(pick=picks, quantities=pieces)
    def place(self, pick: int, quantities: list[int]) -> None:
        shopper = self.shop.shoppers[pick % len(self.shop.shoppers)]
        wanted = [
            (goods, count)
            for goods, count in zip(self.shop.goods, quantities, strict=True)
            if count
        ] or [(self.shop.goods[0], 1)]
        is_legal = shopper.is_here and all(
            goods.is_on_sale and goods.stock >= count for goods, count in wanted
        )
        request = OrderRequest(
            [Wish(goods.pk, None, count) for goods, count in wanted],
            Destination(**ADDRESS),
        )
        with expected(is_legal):
            order, _ = order_place(user_id=shopper.pk, request=request)
        if is_legal:
            self.shop.place(self.world.deal_of(order, shopper))

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

    # --- WeChat and payments

    @precondition(lambda self: any(self.unpaid()))
    @rule(pick=picks, how=st.sampled_from(["told", "twice", "lost"]))
    def pay(self, pick: int, how: str) -> None:
        """In time, or when the attempt is closed or expired: that comes late."""
        self.paid(self.unpaid()[pick % len(self.unpaid())], how)

    def unpaid(self) -> list[Attempt]:
        return [one for one in self.shop.attempts if one.at_wechat != "SUCCESS"]

    def paid(self, attempt: Attempt, how: str) -> None:
        simulator = self.world.simulator
        if how != "told":
            kind = {"twice": "duplicate", "lost": "never"}[how]
            simulator.fault("notify", kind)
        simulator.pay(attempt.number, force=True)
        attempt.at_wechat = "SUCCESS"
        if how != "lost":
            self.world.settled(attempt)

    @precondition(lambda self: self.paid_there())
    @rule(pick=picks, is_asked=st.booleans())
    def tell(self, pick: int, is_asked: bool) -> None:
        """The notification comes late or again, or the shop asks by itself."""
        unheard = [one for one in self.paid_there() if one.state in ("open", "closed")]
        attempt = chosen(unheard, self.paid_there(), pick)
        if is_asked:
            self.query(attempt)
        else:
            assert self.world.simulator.notify(attempt.number) == 204
        self.world.settled(attempt)

    def query(self, attempt: Attempt) -> None:
        facts = pay.query(attempt.number)
        assert facts is not None
        if facts["trade_state"] == "SUCCESS":
            payment_settle(facts=facts)

    def paid_there(self) -> list[Attempt]:
        return [one for one in self.shop.attempts if one.at_wechat == "SUCCESS"]

    @rule()
    def query_by_clock(self) -> None:
        """The minute's run asks about the attempts of which nothing was heard."""
        now = self.world.clock.now
        Payment.objects.open().update(next_query_at=now)
        payments_query_due()
        for attempt in self.shop.attempts:
            if attempt.state == "open" and attempt.at_wechat == "SUCCESS":
                self.world.settled(attempt)
            elif attempt.state == "open" and attempt.at_wechat == "CLOSED":
                attempt.state = "closed"

    @rule()
    def replay(self) -> None:
        """What WeChat has told is settled again, and changes nothing."""
        notices_replay(notices=PaymentNotice.objects.all())

    @rule(
        pick=picks,
        wrong=st.sampled_from(["forged", "amount", "appid", "mchid"]),
    )
    def tell_wrongly(self, pick: int, wrong: str) -> None:
        attempt = self.shop.attempts[pick % len(self.shop.attempts)]
        change: dict[str, Any] = {
            "amount": {"amount": {"total": attempt.amount + 1, "currency": "CNY"}},
            "appid": {"appid": "wxffffffffffffffff"},
            "mchid": {"mchid": "1000000000"},
        }.get(wrong, {})
        status = self.world.notification_send(
            attempt, is_forged=wrong == "forged", **change
        )
        assert status == 400
        if wrong != "forged":
            field = {"amount": "amount.total"}.get(wrong, wrong)
            self.shop.anomalies.add(("mismatch", f"{attempt.number}:{field}"))

    # --- goods

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
            if deal.shipped_at + CONFIRM_TIME <= now:
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

    # --- refunds

    def wish(self, deal: Deal, counts: list[int]) -> dict[Line, int]:
        """Return pieces by line; none at all means all that is left."""
        return self.some(deal, counts) or {
            line: deal.free(line) for line in deal.lines if deal.free(line)
        }

    def is_within(self, deal: Deal, wanted: dict[Line, int]) -> bool:
        fits = all(count <= deal.free(line) for line, count in wanted.items())
        return bool(wanted) and fits

    def begun(
        self,
        deal: Deal,
        kind: str,
        state: str,
        wanted: dict[Line, int],
        before: set[str],
        *,
        is_restocked: bool = False,
    ) -> None:
        """Learn the number and the amount of the refund that has just begun."""
        rows = Refund.objects.filter(order__order_no=deal.number)
        row = rows.exclude(refund_no__in=before).get()
        amount = int(row.amount * 100)
        assert self.shop.is_right_amount(deal, wanted, amount), amount
        assert deal.payment
        made = Return(row.refund_no, deal.payment, deal, kind, state, amount)
        made.is_restocked = is_restocked
        made.parts = self.shop.set_aside(deal, wanted)
        deal.refunds.append(made)
        if state == "approved":
            self.shop.granted(deal)

    def refundable(self) -> list[Deal]:
        return list(filter(self.shop.is_refundable, self.shop.orders))

    @precondition(lambda self: self.refundable())
    @rule(pick=picks, counts=pieces)
    def refund_ask(self, pick: int, counts: list[int]) -> None:
        self.ask(chosen(self.refundable(), self.shop.orders, pick), counts)

    def ask(self, deal: Deal, counts: list[int]) -> None:
        wanted = self.wish(deal, counts)
        late = self.world.clock.now - REFUND_TIME
        is_legal = (
            self.shop.is_refundable(deal)
            and not (deal.completed_at and deal.completed_at < late)
            and not any(one.state == "requested" for one in deal.refunds)
            and self.is_within(deal, wanted)
        )
        before = {one.number for one in deal.refunds}
        quantities = {line.pk: count for line, count in wanted.items()}
        with expected(is_legal):
            refund_request(
                order_no=deal.number,
                user_id=deal.shopper.pk,
                reason="不合适",
                quantities=quantities if any(counts) else None,
            )
        if is_legal:
            self.begun(deal, "after_sale", "requested", wanted, before)

    @precondition(lambda self: self.refundable())
    @rule(pick=picks, counts=pieces, is_restocked=st.booleans())
    def refund_by_staff(self, pick: int, counts: list[int], is_restocked: bool) -> None:
        deal = chosen(self.refundable(), self.shop.orders, pick)
        wanted = self.wish(deal, counts)
        is_legal = self.shop.is_refundable(deal) and self.is_within(deal, wanted)
        before = {one.number for one in deal.refunds}
        with expected(is_legal):
            refund_by_staff(
                order_id=self.world.order_of(deal).pk,
                operator_id=self.world.staff.pk,
                reason="少发",
                quantities={line.pk: count for line, count in wanted.items()},
                is_restocked=is_restocked,
            )
        if is_legal:
            self.begun(
                deal, "staff", "approved", wanted, before, is_restocked=is_restocked
            )

    def standing(self, *states: str) -> list[Return]:
        return [one for one in self.shop.refunds if one.state in states]

    @precondition(lambda self: self.standing("requested"))
    @rule(
        pick=picks,
        answer=st.sampled_from(["approve", "approve", "reject", "withdraw"]),
        is_restocked=st.booleans(),
    )
    def refund_answer(self, pick: int, answer: str, is_restocked: bool) -> None:
        requested = self.standing("requested")
        refund = chosen(requested, self.shop.refunds, pick)
        call = {
            "refund_id": self.world.refund_of(refund).pk,
            "operator_id": self.world.staff.pk,
        }
        with expected(refund in requested):
            if answer == "approve":
                refund_approve(**call, is_restocked=is_restocked)
            elif answer == "reject":
                refund_reject(**call, answer="已拆封")
            else:
                refund_withdraw(
                    refund_no=refund.number, user_id=refund.order.shopper.pk
                )
        if refund not in requested:
            return
        states = {"approve": "approved", "reject": "rejected", "withdraw": "withdrawn"}
        refund.state = states[answer]
        if answer == "approve":
            refund.is_restocked = is_restocked
            self.shop.granted(refund.order)

    @precondition(lambda self: self.standing("failed"))
    @rule(pick=picks)
    def refund_retry(self, pick: int) -> None:
        failed = [one for one in self.standing("failed") if one.error != "ABNORMAL"]
        refund = chosen(failed, self.shop.refunds, pick)
        with expected(refund in failed):
            refund_retry(
                refund_id=self.world.refund_of(refund).pk,
                operator_id=self.world.staff.pk,
            )
        if refund in failed:
            if refund.error == "CLOSED":
                refund.tries += 1
                refund.at_wechat = None
            refund.state, refund.error = "approved", ""

    @precondition(lambda self: self.standing("approved"))
    @rule(
        trouble=st.sampled_from(["", "", "lost", "NOT_ENOUGH", "USER_ACCOUNT_ABNORMAL"])
    )
    def send(self, trouble: str) -> None:
        """The worker sends what is queued; the first of it meets the trouble."""
        first = min(self.standing("approved"), key=self.world.queued_at)
        simulator = self.world.simulator
        if trouble == "lost":
            simulator.fault("refund", "drop_reply")
        elif first.at_wechat:
            # It knows this one already, and refuses nothing.
            trouble = ""
        elif trouble:
            simulator.refuse_refunds(trouble)
        self.work(trouble)

    def work(self, trouble: str = "") -> None:
        waiting = sorted(self.standing("approved"), key=self.world.queued_at)
        closing = [one for one in self.shop.attempts if one.is_to_close]
        work()
        for attempt in closing:
            attempt.is_to_close = False
            if attempt.at_wechat == "SUCCESS":
                self.world.settled(attempt)
            else:
                attempt.at_wechat = "CLOSED"
        for refund in waiting:
            if trouble == "lost":
                refund.at_wechat = refund.at_wechat or "PROCESSING"
            elif trouble == "NOT_ENOUGH":
                self.shop.note_refund(refund, trouble)
            elif trouble:
                self.shop.refused(refund, trouble)
            else:
                self.sent(refund)
            trouble = ""

    def sent(self, refund: Return) -> None:
        refund.at_wechat = refund.at_wechat or "PROCESSING"
        self.shop.told(refund, refund.at_wechat)

    @precondition(lambda self: self.held())
    @rule(
        pick=picks,
        status=st.sampled_from(["SUCCESS", "SUCCESS", "CLOSED", "ABNORMAL"]),
        is_told=st.booleans(),
    )
    def decide(self, pick: int, status: str, is_told: bool) -> None:
        """WeChat ends a refund, or staff end it on the merchant platform."""
        refund = self.held()[pick % len(self.held())]
        self.decided(refund, status, is_told=is_told)

    def decided(self, refund: Return, status: str, *, is_told: bool = True) -> None:
        if not is_told:
            self.world.simulator.fault("notify", "never")
        told = self.world.simulator.refund_decide(refund.out_number, status)
        assert told == (204 if is_told else None)
        refund.at_wechat = status
        if is_told:
            self.shop.told(refund, status)

    def held(self) -> list[Return]:
        undecided = ("PROCESSING", "ABNORMAL")
        return [one for one in self.shop.refunds if one.at_wechat in undecided]

    @precondition(lambda self: self.standing("approved", "processing", "failed"))
    @rule()
    def follow(self) -> None:
        """The minute's run asks about whatever has no end, and sends the unsent."""
        now = self.world.clock.now
        Refund.objects.filter(due_at__isnull=False).update(due_at=now)
        refunds_follow()
        for refund in self.shop.refunds:
            is_abnormal = refund.state == "failed" and refund.error == "ABNORMAL"
            if refund.state == "approved":
                self.sent(refund)
            elif refund.state == "processing" or is_abnormal:
                self.shop.told(refund, str(refund.at_wechat))


@pytest.mark.timeout(0 if os.environ.get("MONEY_MACHINE") else 300)
def test_whatever_happens_the_money_adds_up(
    queue: None,
    simulator: SimulatorProcess,
    shop_server: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(simulator, MovableClock(monkeypatch, simulator))

    class Machine(MoneyMachine):
        pass

    Machine.world = world
    profile = os.environ.get("MONEY_MACHINE", "")
    try:
        run_state_machine_as_test(Machine, settings=PROFILES[profile])
    finally:
        world.end()
