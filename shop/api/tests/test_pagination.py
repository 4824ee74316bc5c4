"""Pages: their numbers, their ends, and what is no number."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Address, User
from shop.api.pagination import pagination

COUNT = 7


@pytest.fixture
def seven(shopper: User) -> list[int]:
    """Return the ids of seven addresses, in the order of the list."""
    rows = [Address(user=shopper, name=str(number)) for number in range(COUNT)]
    return [row.pk for row in reversed(Address.objects.bulk_create(rows))]


def page(client: APIClient, query: str) -> tuple[list[int], dict[str, int]]:
    response = client.get(f"/api/addresses?{query}")
    assert response.status_code == 200, response.content
    data = response.json()["data"]
    assert list(data) == ["list", "pagination"]
    return [row["id"] for row in data["list"]], data["pagination"]


def figures(total: int, page: int, size: int, pages: int) -> dict[str, int]:
    return {"total": total, "page": page, "size": size, "totalPages": pages}


def test_pages_of_a_list(shopper_api: APIClient, seven: list[int]) -> None:
    assert page(shopper_api, "") == (seven, figures(COUNT, 1, 10, 1))
    assert page(shopper_api, "size=3") == (seven[:3], figures(COUNT, 1, 3, 3))
    assert page(shopper_api, "size=3&page=3") == (seven[6:], figures(COUNT, 3, 3, 3))
    assert page(shopper_api, "size=7") == (seven, figures(COUNT, 1, 7, 1))
    assert page(shopper_api, "size=1&page=7") == (seven[6:], figures(COUNT, 7, 1, 7))
    assert page(shopper_api, "size=100") == (seven, figures(COUNT, 1, 100, 1))


def test_empty_list(shopper_api: APIClient) -> None:
    assert page(shopper_api, "") == ([], figures(0, 1, 10, 0))


@pytest.mark.parametrize("number", [2, 10**9, 2**63 - 1, 2**63, 10**22, 10**100])
def test_page_past_the_end_reads_no_row(
    shopper_api: APIClient, seven: list[int], number: int
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = page(shopper_api, f"page={number}")
    assert answer == ([], figures(COUNT, number, 10, 1))
    # The session's user and the count.
    assert len(queries) == 2


@pytest.mark.parametrize("name", ["page", "size"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "不能小于1"),
        ("00", "不能小于1"),
        ("-1", "不能小于1"),
        ("abc", "必须是数字"),
        ("", "必须是数字"),
        ("１", "必须是数字"),
        ("٣", "必须是数字"),
        ("²", "必须是数字"),
        ("1_0", "必须是数字"),
        ("%2B1", "必须是数字"),
        (" 1", "必须是数字"),
        ("1.0", "必须是数字"),
        ("1e1", "必须是数字"),
        ("0x1", "必须是数字"),
        ("1%00", "必须是数字"),
        ("9" * 5000, "必须是数字"),
    ],
    ids=lambda value: value[:8],
)
def test_what_is_no_number_of_a_page(
    shopper_api: APIClient, seven: list[int], name: str, text: str, message: str
) -> None:
    response = shopper_api.get(f"/api/addresses?{name}={text}")
    assert response.status_code == 400
    assert response.json() == {
        "code": 400,
        "message": f"{name}{message}",
        "data": {"error": "invalid", "fields": {name: [f"{name}{message}"]}},
    }


@pytest.mark.parametrize("size", ["101", "1" + "0" * 22])
def test_size_has_a_limit(shopper_api: APIClient, size: str) -> None:
    response = shopper_api.get(f"/api/addresses?size={size}")
    assert response.status_code == 400
    assert response.json()["message"] == "size不能大于100"


def test_leading_zeros_and_the_last_of_two(
    shopper_api: APIClient, seven: list[int]
) -> None:
    assert page(shopper_api, "page=02&size=003")[1] == figures(COUNT, 2, 3, 3)
    assert page(shopper_api, "page=abc&page=2&size=3")[1] == figures(COUNT, 2, 3, 3)


@pytest.mark.parametrize("url", ["/api/products", "/api/orders", "/api/addresses"])
def test_every_list_is_a_page(shopper_api: APIClient, url: str) -> None:
    data = shopper_api.get(f"{url}?page=3&size=5").json()["data"]
    assert data == {"list": [], "pagination": figures(0, 3, 5, 0)}
    assert shopper_api.get(f"{url}?page=0").status_code == 400
    assert shopper_api.get(f"{url}?size=101").status_code == 400


@pytest.mark.parametrize(
    ("total", "size", "pages"),
    [(0, 10, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2), (100, 1, 100), (101, 100, 2)],
)
def test_total_pages(total: int, size: int, pages: int) -> None:
    rows: list[Any] = []
    assert pagination(rows, total, 1, size) == {
        "list": rows,
        "pagination": figures(total, 1, size, pages),
    }
