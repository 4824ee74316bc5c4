"""What each role of the migration may do with the rows that it chooses in a list."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import RequestFactory

from accounts.models import User
from shop.tests.desks import MODELS

PRODUCTS = "put_on_sale take_off_sale export_chosen delete_selected"
# Role, desk, and the actions above its list; a desk that is left out has none.
TABLE = {
    "店主": {
        "catalog.popularword": "offer block",
        "catalog.product": PRODUCTS,
        "catalog.sku": "export_chosen",
        "orders.order": "pick pack export_chosen",
        "orders.refund": "export_chosen",
        "orders.review": "publish_chosen",
        "procrastinate.procrastinatejob": "retry_chosen",
    },
    "商品": {
        "catalog.popularword": "offer block",
        "catalog.product": PRODUCTS,
        "catalog.sku": "export_chosen",
    },
    "订单": {"orders.order": "pick pack export_chosen"},
    "客服": {"orders.order": "pick pack", "orders.review": "publish_chosen"},
    "财务": {
        "orders.order": "pick pack export_chosen",
        "orders.refund": "export_chosen",
        "procrastinate.procrastinatejob": "retry_chosen",
    },
    "只读": {"orders.order": "pick pack"},
}


@pytest.mark.parametrize("role", TABLE)
def test_each_list_offers_what_the_role_says(role: str, db: None) -> None:
    """A list performs what it offers, and nothing else that it is sent."""
    request = RequestFactory().get("/")
    request.user = User.objects.create(username="member", is_staff=True)
    request.user.groups.add(Group.objects.get(name=role))
    offered = {
        model._meta.label_lower: " ".join(
            admin.site._registry[model].get_actions(request)
        )
        for model in MODELS
    }
    assert {label: names for label, names in offered.items() if names} == TABLE[role]


def test_the_table_has_every_role(db: None) -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(TABLE)
