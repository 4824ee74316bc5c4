"""What sells leaves no mark in the history of what staff write."""

from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Category, Product, Sku
from orders.tests.conftest import line, paid_order
from orders.tests.refunding import approved, asked


def test_an_order_its_payment_and_its_refund_leave_no_snapshot(
    shopper_api: APIClient, tea: Product, staff: User
) -> None:
    order = paid_order(shopper_api, line(tea, 2))
    tea.refresh_from_db()
    assert (tea.sales, tea.skus.get().stock) == (2, 8)
    approved(asked(shopper_api, order), staff.pk, is_restocked=True)
    tea.refresh_from_db()
    assert (tea.sales, tea.skus.get().stock) == (0, 10)
    assert not any(one.history.exists() for one in (Category, Product, Sku))
