"""What staff see before they do anything: where they are, and that nothing waits."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def boss(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def page(client: Client, url: str) -> str:
    return str(client.get(url).content.decode())


def test_an_empty_list_says_what_will_come(boss: Client) -> None:
    assert "还没有订单。买家下单后会出现在这里" in page(boss, "/admin/orders/order/")
    assert "没有待处理的退款" in page(boss, "/admin/orders/refund/")


def test_a_search_without_result_does_not_say_that_there_is_nothing(
    boss: Client,
) -> None:
    for query in ("q=张三", "stage=to_ship"):
        shown = page(boss, f"/admin/orders/order/?{query}")
        assert "没有符合条件的订单" in shown
        assert "还没有订单" not in shown


def test_a_list_has_its_name_as_title(boss: Client) -> None:
    assert "订单 | 商城后台" in page(boss, "/admin/orders/order/")


@pytest.mark.parametrize("is_development", [True, False])
def test_a_shop_that_sells_nothing_says_so(
    boss: Client, settings: Any, is_development: bool
) -> None:
    settings.IS_DEVELOPMENT = is_development
    assert ("演示环境" in page(boss, "/admin/")) is is_development
