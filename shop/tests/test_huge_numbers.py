"""Numbers that no column holds, asked for outside of a transaction, as servers do."""

import re

import pytest
from rest_framework.test import APIClient

from shop.tests.routes import CONTRACT

pytestmark = pytest.mark.django_db(transaction=True)
# Nineteen digits are let in; a bigint ends before.
HUGE_ID = "9999999999999999999"
NUMBERED = [
    route
    for route, (who, _) in CONTRACT.items()
    if re.search(r"\{(id|productId)\}", route) and who != "staff"
]
LISTS = [
    route
    for route, (who, _) in CONTRACT.items()
    if route.startswith("GET ") and "{" not in route and who != "staff"
]


@pytest.mark.parametrize("page", [10**9, 2**63, 10**22])
def test_no_list_fails_on_a_page_far_off(shopper_api: APIClient, page: int) -> None:
    for route in LISTS:
        answer = shopper_api.get(f"{route.removeprefix('GET ')}?page={page}")
        assert answer.status_code == 200, route


@pytest.mark.parametrize("category", [2**63, 10**22, 10**900])
def test_no_product_is_in_a_category_far_off(api: APIClient, category: int) -> None:
    for others in ("", "&keyword=tea", "&maxPrice=9", "&inStock=true&ordering=-sales"):
        answer = api.get(f"/api/products?category={category}{others}")
        assert answer.status_code == 200, others
        assert answer.json()["data"]["pagination"]["total"] == 0


def test_no_row_has_an_id_far_off(shopper_api: APIClient) -> None:
    for route in NUMBERED:
        method, _, path = route.partition(" ")
        url = re.sub(r"\{\w+\}", HUGE_ID, path)
        answer = shopper_api.generic(method, url, "{}", content_type="application/json")
        assert answer.status_code in {200, 400, 403, 404}, (route, answer.content)
