"""Six times the stories of the quick half, the same each time."""

# ruff: noqa: F401 - the test is run here.
import pytest
from hypothesis import settings as profile_of

from orders.tests.test_money_machine import (
    bounded,
    test_whatever_happens_the_money_adds_up,
)


@pytest.fixture
def profile() -> profile_of:
    return profile_of(bounded, max_examples=12)
