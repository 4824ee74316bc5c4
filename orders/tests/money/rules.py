"""What the rules of the machine share."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from orders.tests.money.model import Shop
from orders.tests.money.world import World

picks = st.integers(0, 999)
pieces = st.lists(st.integers(0, 2), min_size=2, max_size=2)


def chosen(wanted: Sequence[Any], all_of_them: Sequence[Any], pick: int) -> Any:
    """Mostly one to whom it may happen, now and then any other."""
    among = wanted if wanted and pick % 8 != 7 else all_of_them
    return among[pick // 8 % len(among)]


class Rules(RuleBasedStateMachine):
    """Each rule says what is legal, does it, and tells the model."""

    world: World

    @property
    def shop(self) -> Shop:
        return self.world.shop
