"""Flash sales as staff write them: what is refused, and what begins and ends them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from catalog.errors import FlashSaleChanged, FlashSaleConflict, FlashSaleFixed
from catalog.models import FlashSale, FlashSaleSku, Product, Sku
from catalog.services.flash_sales import (
    flash_sale_create,
    flash_sale_delete,
    flash_sale_end,
    flash_sale_restock,
    flash_sale_update,
)
from catalog.services.products import products_set_status
from catalog.tests.flash_sales import HOUR, NOON, line, terms
from shop.errors import Invalid, NotFound, ShopError


@pytest.fixture
def sku(set_clock: Any, product_make: Callable[..., Product]) -> Sku:
    set_clock(NOON)
    return product_make("龙井茶", price="99.00", stock=10).skus.get()


def rows() -> list[Any]:
    return [
        [*FlashSale.objects.order_by("pk").values()],
        [*FlashSaleSku.objects.order_by("pk").values()],
    ]


def change(sale: FlashSale, **written: Any) -> None:
    """Change a sale as somebody who has it before them."""
    flash_sale_update(sale_id=sale.pk, expected_version=sale.version, **written)


def test_lines_have_the_times_of_their_sale(sku: Sku) -> None:
    sale = flash_sale_create(**terms(line(sku)))
    row = FlashSaleSku.objects.get()
    assert (row.sale, row.sku, row.price, row.sold) == (sale, sku, Decimal("59.00"), 0)
    assert (row.stock, row.user_limit, row.min_quantity) == (5, 2, 1)
    assert (row.starts_at, row.ends_at) == (NOON + HOUR, NOON + 2 * HOUR)
    older = sale.version
    change(
        sale,
        **terms(
            line(sku, min_quantity=3, user_limit=None),
            name="三件团",
            kind="group",
            ends_at=NOON + 3 * HOUR,
        ),
    )
    sale.refresh_from_db()
    row = FlashSaleSku.objects.get()
    assert (sale.name, sale.kind, sale.ends_at) == ("三件团", "group", NOON + 3 * HOUR)
    assert (row.min_quantity, row.user_limit) == (3, None)
    assert row.ends_at == NOON + 3 * HOUR
    before = rows()
    with pytest.raises(FlashSaleChanged):
        flash_sale_update(sale_id=sale.pk, expected_version=older, **terms(line(sku)))
    assert rows() == before
    flash_sale_delete(sale_id=sale.pk)
    assert rows() == [[], []]


@pytest.mark.parametrize(
    ("of_line", "of_sale", "told"),
    [
        ({}, {"ends_at": NOON + HOUR}, "结束时间必须晚于开始时间"),
        ({}, {"starts_at": NOON - HOUR, "ends_at": NOON}, "结束时间已过"),
        ({"price": Decimal("99.00")}, {}, "龙井茶的活动价应低于售价99.00,不低于0.01"),
        ({"price": Decimal("0.00")}, {}, "龙井茶的活动价应低于售价99.00,不低于0.01"),
        ({"stock": 11}, {}, "龙井茶只有库存10件,活动库存应在1到10之间"),
        ({"stock": 0}, {}, "龙井茶只有库存10件,活动库存应在1到10之间"),
        ({"user_limit": 0}, {}, "龙井茶的每人限购应在1到999之间"),
        ({"min_quantity": 2}, {}, "龙井茶:秒杀没有起购件数,请留空"),
        ({}, {"kind": "group"}, "龙井茶的起购件数应在2到活动库存之间,最多999"),
        (
            {"min_quantity": 6},
            {"kind": "group"},
            "龙井茶的起购件数应在2到活动库存之间,最多999",
        ),
        (
            {"min_quantity": 3, "user_limit": 2},
            {"kind": "group"},
            "龙井茶的每人限购应在3到999之间",
        ),
    ],
)
def test_odd_terms_are_refused(sku: Sku, of_line: Any, of_sale: Any, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        flash_sale_create(**terms(line(sku, **of_line), **of_sale))
    assert rows() == [[], []]


def test_a_sale_needs_skus_that_are_there_once_each(sku: Sku) -> None:
    for lines, told in (
        ([], "活动至少要有一个商品"),
        ([line(sku), line(sku)], "龙井茶重复了"),
        ([line(sku)] * 101, "活动最多100个规格"),
        ([line(Sku(pk=10**17))] * 2, "有商品或规格已删除,请重新选择"),
    ):
        with pytest.raises(Invalid, match=told):
            flash_sale_create(**terms(*lines))
    products_set_status(
        product_ids=[sku.product_id], status="deleted", operator_id=None
    )
    with pytest.raises(Invalid, match="有商品或规格已删除,请重新选择"):
        flash_sale_create(**terms(line(sku)))
    assert rows() == [[], []]


def test_a_sku_is_in_no_two_sales_at_once(sku: Sku) -> None:
    first = flash_sale_create(**terms(line(sku)))
    before = rows()
    told = r"龙井茶在“午间秒杀”\(2026-12-01 13:00 至 2026-12-01 14:00\)中"
    overlapping = terms(line(sku), starts_at=NOON, ends_at=NOON + HOUR * 1.5)
    with pytest.raises(FlashSaleConflict, match=told):
        flash_sale_create(**overlapping)
    assert rows() == before
    # One may begin at the moment when another ends; it is moved into it in vain.
    later = flash_sale_create(
        **terms(line(sku), starts_at=NOON + 2 * HOUR, ends_at=NOON + 3 * HOUR)
    )
    with pytest.raises(FlashSaleConflict):
        change(later, **overlapping)
    # Whatever the code does, the database refuses it.
    row = FlashSaleSku.objects.get(sale=first)
    with pytest.raises(IntegrityError), transaction.atomic():
        FlashSaleSku.objects.filter(sale=later).update(
            starts_at=row.starts_at, ends_at=row.ends_at
        )


def test_what_has_begun_may_only_end_early_or_get_more(
    set_clock: Any, sku: Sku
) -> None:
    sale = flash_sale_create(**terms(line(sku), starts_at=NOON))
    row = FlashSaleSku.objects.get()
    FlashSaleSku.objects.update(sold=4)
    before = rows()

    def refused(act: Callable[[], Any], error: type[ShopError], told: str) -> None:
        with pytest.raises(error, match=told):
            act()
        assert rows() == before

    def restock(stock: int) -> None:
        flash_sale_restock(sale_id=sale.pk, stocks={row.pk: stock})

    fixed = "活动已开始,只能提前结束或追加库存"
    cheap = terms(line(sku, price=Decimal("1.00")))
    refused(lambda: change(sale, **cheap), FlashSaleFixed, fixed)
    refused(lambda: flash_sale_delete(sale_id=sale.pk), FlashSaleFixed, fixed)
    refused(lambda: restock(4), Invalid, "龙井茶的活动库存是5,只能增加")
    refused(lambda: restock(5), Invalid, "活动库存没有变化")
    refused(lambda: restock(15), Invalid, "龙井茶只有库存10件,活动库存最多14")
    restock(14)
    row.refresh_from_db()
    assert (row.stock, row.left) == (14, 10)

    set_clock(NOON + timedelta(minutes=1))
    flash_sale_end(sale_id=sale.pk)
    sale.refresh_from_db()
    row.refresh_from_db()
    assert sale.is_ended_early
    assert sale.ends_at == row.ends_at == NOON + timedelta(minutes=1)
    before = rows()
    not_running = "活动没有在进行"
    refused(lambda: flash_sale_end(sale_id=sale.pk), FlashSaleFixed, not_running)
    refused(lambda: restock(14), FlashSaleFixed, not_running)
    # Its SKU is free for another sale now.
    flash_sale_create(**terms(line(sku), starts_at=NOON + timedelta(minutes=1)))


def test_what_was_sold_by_a_clock_ahead_has_begun(sku: Sku) -> None:
    sale = flash_sale_create(**terms(line(sku)))
    FlashSaleSku.objects.update(sold=1)
    with pytest.raises(FlashSaleFixed):
        change(sale, **terms(line(sku)))
    with pytest.raises(FlashSaleFixed):
        flash_sale_delete(sale_id=sale.pk)
    with pytest.raises(NotFound, match="活动不存在"):
        flash_sale_end(sale_id=sale.pk + 1)
    with pytest.raises(FlashSaleFixed, match="活动没有在进行,不能提前结束"):
        flash_sale_end(sale_id=sale.pk)
