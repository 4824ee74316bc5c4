"""Who sits at the desk of staff accounts."""

import pytest

from accounts.tests.staff_desk.pages import browser, clerk_make


@pytest.fixture
def boss(staff):
    return browser(staff)


@pytest.fixture
def manager(db):
    """Return staff who may change staff, and see shoppers."""
    return clerk_make("manager", "view_staff", "change_staff", "view_shopper")
