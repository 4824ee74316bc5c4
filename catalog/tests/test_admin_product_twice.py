"""A new product's page that is sent twice adds one product."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.jobs import additions_delete
from catalog.models import Product, ProductAddition, Sku, StockMovement
from catalog.tests.admin_pages import PRODUCT_ADD, errors, new_page, sku_row
from catalog.tests.test_races import WRITERS, together

TWICE = "这一页已经提交过,商品已添加,没有重复添加:请到商品列表中查看"


def test_the_second_sending_is_told_and_adds_nothing(client: Client) -> None:
    data = new_page(client, sku_row(0, "", "9.90", "3"))
    assert client.post(PRODUCT_ADD, data).status_code == 302
    assert errors(client.post(PRODUCT_ADD, data)) == [TWICE]
    assert (Product.objects.count(), Sku.objects.count()) == (1, 1)
    assert StockMovement.objects.count() == 1


def test_a_page_without_its_key_is_refused(client: Client) -> None:
    data = new_page(client, sku_row(0, "", "9.90", "3"), page_key="")
    assert errors(client.post(PRODUCT_ADD, data)) == ["页面已失效,请重新打开"]
    assert Product.objects.count() == 0


def test_a_refused_page_may_be_sent_again(client: Client) -> None:
    data = new_page(client, sku_row(0, "", "9.90", "3"))
    assert errors(client.post(PRODUCT_ADD, data | {"name": ""})) == ["名称不能为空"]
    assert client.post(PRODUCT_ADD, data).status_code == 302
    assert Product.objects.count() == 1


def test_a_key_is_kept_for_thirty_days(client: Client) -> None:
    row = sku_row(0, "", "9.90", "3")
    for days in (29, 31):
        client.post(PRODUCT_ADD, new_page(client, row, name=f"{days}"))
        added = timezone.now() - timedelta(days=days)
        Product.objects.filter(name=f"{days}").update(created_at=added)
    additions_delete(timestamp=0)
    assert [row.product.name for row in ProductAddition.objects.all()] == ["29"]
    assert Product.objects.count() == 2


@pytest.mark.usefixtures("transactional_db", "patient_database")
def test_of_those_sent_at_once_one_adds(client: Client) -> None:
    data = new_page(client, sku_row(0, "", "9.90", "3"))
    cookies = client.cookies

    def post(number: int) -> Any:
        browser = Client()
        browser.cookies = cookies.copy()
        return browser.post(PRODUCT_ADD, data).status_code

    assert Counter(together(post)) == {302: 1, 200: WRITERS - 1}
    assert (Product.objects.count(), StockMovement.objects.count()) == (1, 1)
