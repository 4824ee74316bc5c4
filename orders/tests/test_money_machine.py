"""Whatever shoppers, staff, WeChat and the clock do in turn, the money adds up.

Hypothesis makes up the stories: a plain model says what each step must do, the real
services and the real simulator do it, and after each step database, model, audit and
WeChat's books are compared. A run is the same each time. A longer one, ever different:

    MONEY_MACHINE=long .venv/bin/pytest orders/tests/test_money_machine.py --timeout=0
"""

import os
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as profile_of
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

from orders.tests.clock import MovableClock
from orders.tests.money.goods import GoodsRules
from orders.tests.money.orders import OrderRules
from orders.tests.money.payments import PaymentRules
from orders.tests.money.returns import ReturnRules
from orders.tests.money.rules import pieces
from orders.tests.money.things import DAY_CAP, TWO_PERSON_ABOVE, yuan
from orders.tests.money.world import World
from shop.devstack.simulator.process import SimulatorProcess

# Prices that no discount divides well.
PRICES, STOCKS = (333, 1999), (9, 9)
SHOPPERS = ("ann", "bob")
bounded = profile_of(
    max_examples=2,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
endless = profile_of(
    bounded,
    max_examples=1000,
    stateful_step_count=60,
    derandomize=False,
    phases=[Phase.generate],
    print_blob=True,
)


@pytest.fixture
def profile() -> profile_of:
    """How many stories; the long run plays more."""
    return endless if os.environ.get("MONEY_MACHINE") == "long" else bounded


class MoneyMachine(OrderRules, PaymentRules, GoodsRules, ReturnRules):
    """A shop in the middle of things, and what must hold after each step."""

    @initialize(quantities=st.lists(pieces, min_size=5, max_size=5))
    def open_shop(self, quantities: list[list[int]]) -> None:
        """Begin in the middle of things: with an order in each stage."""
        self.world.begin()
        self.world.offers_make()
        for price, stock in zip(PRICES, STOCKS, strict=True):
            self.world.goods_make(price, stock)
        for name in SHOPPERS:
            self.world.shopper_login(name)
        for number, wanted in enumerate(quantities):
            # One that is paid and one that ends; two pieces cost enough for a coupon.
            self.place(number, wanted, number in (1, 4) and sum(wanted) > 1)
            self.begin_to_pay(self.shop.orders[number])
        _, paid, packed, asked, late = self.shop.orders
        for deal in (paid, packed, asked):
            self.paid(deal.attempts[0], "told")
        self.parcel(packed, {line: line.quantity for line in packed.lines})
        self.ask(packed, [1], is_return=True)
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


@pytest.mark.timeout(0 if os.environ.get("MONEY_MACHINE") else 300)
def test_whatever_happens_the_money_adds_up(
    queue: None,
    simulator: SimulatorProcess,
    shop_server: Any,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    profile: profile_of,
) -> None:
    settings.REFUND_TWO_PERSON_ABOVE = yuan(TWO_PERSON_ABOVE)
    settings.REFUND_DAY_CAP = yuan(DAY_CAP)
    world = World(simulator, MovableClock(monkeypatch, simulator))

    class Machine(MoneyMachine):
        pass

    Machine.world = world
    try:
        run_state_machine_as_test(Machine, settings=profile)
    finally:
        world.end()
