"""Freight templates: written as a whole, one default, regions named once."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.errors import FreightTemplateChanged, FreightTemplateInUse
from catalog.models import FreightRegion, FreightTemplate, Product
from catalog.services.freight import (
    FEE_MAX,
    REGIONS_MAX,
    RULES_MAX,
    UNITS_MAX,
    FreightTerms,
    RegionRule,
    TemplateChange,
    freight_template_create,
    freight_template_delete,
    freight_template_update,
)
from catalog.services.products import product_create, product_delete
from catalog.services.skus import SkuChange
from shop.errors import Invalid, NotFound

pytestmark = pytest.mark.django_db

TERMS = FreightTerms(
    first_units=2,
    first_fee=Decimal("5.00"),
    further_units=3,
    further_fee=Decimal("1.50"),
    free_from=Decimal("99.00"),
)
CHANGE = TemplateChange(
    name="快递",
    unit="piece",
    is_default=True,
    rules=[
        RegionRule(provinces=["广东省", "海南"], cities=["深圳市"], terms=TERMS),
        RegionRule(provinces=["西藏"], terms=FreightTerms(is_served=False)),
    ],
    fallback=FreightTerms(first_fee=Decimal("8.00"), further_fee=Decimal("2.00")),
)


def contents() -> list[Any]:
    """Return all that is written of templates."""
    return [
        (
            template.name,
            template.unit,
            template.is_default,
            [
                (
                    rule.is_fallback,
                    rule.is_served,
                    (rule.first_units, str(rule.first_fee)),
                    (rule.further_units, str(rule.further_fee)),
                    rule.free_from and str(rule.free_from),
                    list(rule.places.values_list("is_city", "name", "key")),
                )
                for rule in template.rules.all()
            ],
        )
        for template in FreightTemplate.objects.order_by("pk")
    ]


FALLBACK = (True, True, (1, "8.00"), (1, "2.00"), None, [])
WRITTEN = (
    "快递",
    "piece",
    True,
    [
        (
            False,
            True,
            (2, "5.00"),
            (3, "1.50"),
            "99.00",
            [
                (False, "广东省", "广东"),
                (False, "海南", "海南"),
                (True, "深圳市", "深圳"),
            ],
        ),
        (False, False, (1, "0.00"), (1, "0.00"), None, [(False, "西藏", "西藏")]),
        FALLBACK,
    ],
)


def test_template_is_written_and_replaced_as_a_whole() -> None:
    template = freight_template_create(change=CHANGE)
    assert contents() == [WRITTEN]
    change = replace(CHANGE, name="按重", unit="weight", rules=CHANGE.rules[1:])
    freight_template_update(
        template_id=template.pk, change=change, expected_version=template.version
    )
    assert contents() == [("按重", "weight", True, WRITTEN[3][1:])]


def test_a_new_default_takes_the_place_of_the_old_one() -> None:
    first = freight_template_create(change=CHANGE)
    second = freight_template_create(change=replace(CHANGE, name="包邮"))
    names = FreightTemplate.objects.filter(is_default=True).values_list("name")
    assert list(names) == [("包邮",)]
    first.refresh_from_db()
    freight_template_update(
        template_id=first.pk, change=CHANGE, expected_version=first.version
    )
    assert list(names.all()) == [("快递",)]
    with pytest.raises(IntegrityError), transaction.atomic():
        FreightTemplate.objects.filter(pk=second.pk).update(is_default=True)


def rule(**fields: Any) -> RegionRule:
    return RegionRule(**{"provinces": ["北京"], "terms": TERMS, **fields})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "旧的"}, "已有同名的运费模板"),
        (
            {"rules": [rule(), rule(provinces=["上海", "北京市"])]},
            "同一地区只能写在一条规则里:北京",
        ),
        (
            {"rules": [rule(cities=["恩施"]), rule(cities=["恩施土家族苗族自治州"])]},
            "同一地区只能写在一条规则里:北京",
        ),
        (
            {"rules": [rule(cities=["吉林", "吉林市"])]},
            "同一地区只能写在一条规则里:吉林",
        ),
        ({"rules": [rule(provinces=[])]}, "每条地区规则至少要有一个省份或城市"),
        ({"rules": [rule()] * (RULES_MAX + 1)}, "最多50条地区规则"),
        (
            {"rules": [rule(cities=[f"{n:03}县" for n in range(REGIONS_MAX + 1)])]},
            "省份、城市各最多400个",
        ),
        (
            {"fallback": replace(TERMS, first_units=0)},
            "首件(首重)、续件(续重)应为1到1000000",
        ),
        (
            {"rules": [rule(terms=replace(TERMS, further_units=UNITS_MAX + 1))]},
            "首件(首重)、续件(续重)应为1到1000000",
        ),
        (
            {"fallback": replace(TERMS, further_fee=FEE_MAX + 1)},
            "运费应为0到99999.99",
        ),
        ({"fallback": replace(TERMS, first_fee=Decimal(-1))}, "运费应为0到99999.99"),
        (
            {"fallback": replace(TERMS, free_from=Decimal(0))},
            "满额包邮的金额应大于0,不包邮请留空",
        ),
    ],
)
def test_what_is_odd_is_refused_and_changes_nothing(
    fields: dict[str, Any], told: str
) -> None:
    freight_template_create(change=replace(CHANGE, name="旧的", is_default=False))
    template = freight_template_create(change=CHANGE)
    before = contents()
    change = replace(CHANGE, **fields)
    with pytest.raises(Invalid, match=f"^{re.escape(told)}$"):
        freight_template_create(change=replace(change, name=fields.get("name", "新")))
    with pytest.raises(Invalid):
        freight_template_update(
            template_id=template.pk, change=change, expected_version=template.version
        )
    assert contents() == before


def test_an_older_page_and_a_deleted_template_are_refused() -> None:
    template = freight_template_create(change=CHANGE)
    page = {"change": CHANGE, "expected_version": template.version}
    freight_template_update(
        template_id=template.pk,
        change=replace(CHANGE, name="新的"),
        expected_version=template.version,
    )
    with pytest.raises(FreightTemplateChanged):
        freight_template_update(template_id=template.pk, **page)
    assert contents() == [("新的", *WRITTEN[1:])]
    for call in (
        lambda: freight_template_update(template_id=0, **page),
        lambda: freight_template_delete(template_id=0, operator_id=None),
    ):
        with pytest.raises(NotFound, match="运费模板不存在"):
            call()


def test_what_is_in_use_is_not_deleted(
    staff: Any, product_make: Callable[..., Product]
) -> None:
    template = freight_template_create(change=CHANGE)
    call = {"template_id": template.pk, "operator_id": staff.pk}
    with pytest.raises(FreightTemplateInUse, match="“快递”是默认模板"):
        freight_template_delete(**call)
    freight_template_create(change=replace(CHANGE, name="默认"))
    tea, gone = product_make("茶"), product_make("旧茶")
    Product.objects.update(freight_template=template)
    product_delete(product_id=gone.pk)
    with pytest.raises(FreightTemplateInUse, match="还有1个商品使用“快递”,不能删除"):
        freight_template_delete(**call)
    Product.objects.filter(pk=tea.pk).update(freight_template=None)
    freight_template_delete(**call)
    assert [name for name, *_ in contents()] == ["默认"]
    gone.refresh_from_db()
    assert gone.freight_template_id is None
    snapshot = gone.history.first()
    assert (snapshot.history_user_id, snapshot.freight_template_id) == (staff.pk, None)


def test_a_product_names_a_template_that_there_is(staff: Any) -> None:
    with pytest.raises(Invalid, match="运费模板不存在"):
        product_create(
            fields={"name": "茶", "freight_template_id": 999},
            skus=[SkuChange(price=Decimal(1))],
            operator_id=staff.pk,
        )
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("广东省", "广东"),
        ("北京市", "北京"),
        ("内蒙古自治区", "内蒙古"),
        ("广西壮族自治区", "广西"),
        ("西藏自治区", "西藏"),
        ("香港特别行政区", "香港"),
        ("延边朝鲜族自治州", "延边"),
        ("黔西南布依族苗族自治州", "黔西南"),
        ("海西蒙古族藏族自治州", "海西"),
        ("巴音郭楞蒙古自治州", "巴音郭楞"),
        ("克孜勒苏柯尔克孜自治州", "克孜勒苏"),
        ("西双版纳傣族自治州", "西双版纳"),
        ("锡林郭勒盟", "锡林郭勒"),
        ("大兴安岭地区", "大兴安岭"),
        (" 杭州市 ", "杭州"),
        # What is not written behind a name stays.
        ("广州", "广州"),
        ("市辖区", "市辖区"),
        ("省直辖县级行政区划", "省直辖县级行政区划"),
        ("津市", "津市"),
        ("", ""),
    ],
)
def test_regions_are_told_by_what_addresses_always_write(name: str, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT catalog_region_key(%s)", [name])
        assert cursor.fetchone() == (key,)


def test_the_database_keeps_a_region_in_one_rule() -> None:
    template = freight_template_create(change=CHANGE)
    with pytest.raises(IntegrityError), transaction.atomic():
        FreightRegion.objects.create(
            template=template,
            rule=template.rules.get(is_fallback=True),
            is_city=False,
            name="广东",
        )
