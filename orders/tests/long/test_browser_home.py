"""The first page on every screen but the one of the quick half."""

# ruff: noqa: F401 - what is imported is run here, or a fixture of it.
import pytest

from orders.tests.test_browser_home import (
    month,
    test_owner_sees_how_the_shop_does_and_follows_what_waits,
)
from shop.tests.browser import MARKS, VIEWS

OTHERS = list(VIEWS)[1:]
pytestmark = [*MARKS, pytest.mark.parametrize("office", OTHERS, indirect=True)]
