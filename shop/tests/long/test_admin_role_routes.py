"""Each URL of each desk lets in whom the role says, for every role."""

import pytest

from accounts.models import User
from shop.tests.test_admin_role_routes import TABLE, urls_walk


@pytest.mark.parametrize("role", TABLE)
def test_each_url_lets_in_whom_the_role_says(role: str, staff: User) -> None:
    urls_walk(role, staff)
