"""The desk of freight templates."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from catalog.models import FreightTemplate, Product
from catalog.services.freight import freight_template_create
from catalog.tests.admin_pages import (
    errors,
    page_data,
    staff_client,
    told,
)
from catalog.tests.test_freight_templates import CHANGE, WRITTEN, contents

DESK = "/admin/catalog/freighttemplate/"
ADD = f"{DESK}add/"


def rule(number: int, **fields: str) -> dict[str, str]:
    """Return a rule's row as a browser sends it."""
    row = {
        "provinces": "",
        "cities": "",
        "is_served": "on",
        "first_units": "1",
        "first_fee": "0",
        "further_units": "1",
        "further_fee": "0",
        "free_from": "",
    }
    return {f"rules-{number}-{name}": text for name, text in (row | fields).items()}


@pytest.fixture
def page(client: Client) -> dict[str, Any]:
    """The page of a new template, filled in as CHANGE is."""
    near = {
        "first_units": "2",
        "first_fee": "5.00",
        "further_units": "3",
        "further_fee": "1.5",
        "free_from": "99",
    }
    far = rule(1, provinces="西藏")
    del far["rules-1-is_served"]
    return {
        **page_data(client, ADD),
        "name": " 快递 ",
        "as_default": "on",
        "first_fee": "8",
        "further_fee": "2",
        "rules-TOTAL_FORMS": 2,
        **rule(0, provinces="广东省, 海南", cities="深圳市", **near),
        **far,
    }


def change_url(template: FreightTemplate) -> str:
    return f"{DESK}{template.pk}/change/"


def test_a_template_is_added_and_changed_on_one_page(
    client: Client, page: dict[str, Any]
) -> None:
    response = client.post(ADD, page)
    assert response.status_code == 302, errors(response)
    assert contents() == [WRITTEN]
    url = change_url(FreightTemplate.objects.get())
    again = page_data(client, url)
    assert (again["rules-0-provinces"], again["rules-0-cities"]) == (
        "广东省、海南",
        "深圳市",
    )
    assert client.post(url, again).status_code == 302
    assert contents() == [WRITTEN]
    changed = page_data(client, url) | {"rules-0-DELETE": "on", "unit": "weight"}
    assert client.post(url, changed).status_code == 302
    assert contents() == [("快递", "weight", True, WRITTEN[3][1:])]
    listed = client.get(DESK).content.decode()
    assert "首1件" not in listed
    assert "首1克¥8.00,续1克¥2.00" in listed
    history = client.get(f"{DESK}{FreightTemplate.objects.get().pk}/history/")
    assert "地区规则" in history.content.decode()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"name": "<b></b>"}, ["名称不能为空"]),
        ({"name": "长" * 51}, ["确保该变量包含不超过 50 字符 (目前字符数 51)。"]),
        ({"first_units": "0"}, ["首件(件)/首重(克)不能小于1"]),
        ({"rules-0-further_units": "1.5"}, ["续件(件)/续重(克)必须是整数"]),
        ({"rules-1-provinces": "西臧"}, ["没有这样的省份:西臧"]),
        ({"rules-1-provinces": ""}, ["每条地区规则至少要有一个省份或城市"]),
        ({"rules-1-provinces": "广东"}, ["同一地区只能写在一条规则里:广东省"]),
        ({"rules-0-cities": "市" * 51}, ["请用顿号、逗号或空格隔开每个地区"]),
        ({"name": "旧的"}, ["已有同名的运费模板"]),
    ],
)
def test_what_is_odd_is_told_and_nothing_is_written(
    client: Client, page: dict[str, Any], sent: dict[str, str], expected: list[str]
) -> None:
    freight_template_create(change=replace(CHANGE, name="旧的"))
    before = contents()
    assert errors(client.post(ADD, page | sent)) == expected
    assert contents() == before


def test_an_older_page_is_refused(client: Client, page: dict[str, Any]) -> None:
    client.post(ADD, page)
    url = change_url(FreightTemplate.objects.get())
    older = page_data(client, url)
    client.post(url, older | {"name": "新的"})
    refusals = errors(client.post(url, older | {"name": "更新的"}))
    assert refusals[0] == "运费模板已被他人修改,本次修改未保存,请重新打开页面后再改"
    assert FreightTemplate.objects.get().name == "新的"


def test_one_in_use_is_not_deleted_and_one_that_is_not_is(
    client: Client, product_make: Callable[..., Product]
) -> None:
    template = freight_template_create(change=replace(CHANGE, is_default=False))
    product = product_make(freight_template=template)
    url = f"{DESK}{template.pk}/delete/"
    assert told(client.post(url, {"post": "yes"})) == ["还有1个商品使用“快递”,不能删除"]
    Product.objects.filter(pk=product.pk).update(freight_template=None)
    client.post(url, {"post": "yes"})
    assert not FreightTemplate.objects.exists()


def test_who_may_read_alone_sees_texts(db: None) -> None:
    template = freight_template_create(change=CHANGE)
    reader = staff_client("view_freighttemplate")
    shown = reader.get(change_url(template)).content.decode()
    assert "广东省、海南、深圳市:首2件¥5.00,续3件¥1.50,满¥99.00包邮" in shown
    assert "西藏:不配送" in shown
    assert "其他地区:首1件¥8.00,续1件¥2.00" in shown
    assert 'name="first_fee"' not in shown
    assert reader.post(change_url(template), {}).status_code == 403
    assert reader.get(ADD).status_code == 403
