"""The stocks of a product's SKUs, adjusted on one page."""

from typing import Any

import pytest
from django.test import Client

from catalog.models import Product, Sku, StockMovement
from catalog.services.products import product_update
from catalog.services.skus import SkuChange
from catalog.services.stock import stock_adjust
from catalog.tests.admin_pages import PRODUCTS, page_data, staff_client, told
from catalog.tests.conftest import ledger
from catalog.tests.test_races import ledger_matches

STARTED = [("initial", 5, 5), ("initial", 7, 7)]


def adjust_page(product: Product) -> str:
    return f"{PRODUCTS}{product.pk}/adjust/"


def send(client: Client, product: Product, data: Any = None, **typed: str) -> Any:
    """Send the page as opened now, or earlier; `red` and `blue` are figures."""
    red, blue = product.skus.order_by("pk")
    data = data or page_data(client, adjust_page(product))
    names = {"red": f"quantity_{red.pk}", "blue": f"quantity_{blue.pk}"}
    filled = {names.get(name, name): text for name, text in typed.items()}
    return client.post(adjust_page(product), data | {"reason": "盘点"} | filled)


def form_errors(response: Any) -> list[str]:
    assert response.status_code == 200
    found = response.context["form"].errors.values()
    return [text for texts in found for text in texts]


def stocks(product: Product) -> list[int]:
    return list(product.skus.order_by("pk").values_list("stock", flat=True))


@pytest.mark.parametrize(
    ("kind", "red", "blue", "left"),
    [
        ("set", "9", "0", [9, 0]),
        ("in", "1", "2", [6, 9]),
        ("out", "5", "7", [0, 0]),
        ("set", "", "8", [5, 8]),
    ],
)
def test_all_lines_are_written_at_once(
    client: Client,
    staff: Any,
    shirt: Product,
    kind: str,
    red: str,
    blue: str,
    left: list[int],
) -> None:
    response = send(client, shirt, kind=kind, red=red, blue=blue, reason=" 盘<b>点 ")
    assert response.status_code == 302
    changed = sum(old != new for old, new in zip([5, 7], left, strict=True))
    assert told(response) == [f"已调整{changed}个规格的库存"]
    assert stocks(shirt) == left
    rows = StockMovement.objects.filter(reason="adjustment")
    assert rows.count() == changed
    assert {(row.reference, row.operator) for row in rows} == {("盘点", staff)}
    assert ledger_matches(shirt)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"red": "1", "reason": " "}, "原因不能为空"),
        ({"red": "x"}, "数量必须是整数"),
        ({"red": "-1"}, "数量不能小于0"),
        ({}, "没有要调整的库存:请填写数量"),
        ({"red": "5"}, "没有要调整的库存:请填写数量"),
        (
            {"kind": "out", "red": "6", "blue": "1"},
            "1个规格不能调整,全部没有保存:红 M 库存只有5件,不能减少6件",
        ),
        (
            {"kind": "in", "red": "1000000000", "blue": "1"},
            "1个规格不能调整,全部没有保存:红 M 库存不能大于1000000000",
        ),
        ({"quantity_999999": "1"}, "有规格已删除,请重新打开页面后再调整"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(
    client: Client, shirt: Product, typed: dict[str, str], message: str
) -> None:
    assert form_errors(send(client, shirt, **typed)) == [message]
    assert ledger(shirt.pk) == STARTED


def test_a_count_from_an_older_page_is_refused(client: Client, shirt: Product) -> None:
    data = page_data(client, adjust_page(shirt))
    red = shirt.skus.order_by("pk")[0]
    stock_adjust(sku_id=red.pk, delta=-1, note="破损", operator_id=None)
    response = send(client, shirt, data, red="9", blue="9")
    assert form_errors(response) == [
        "1个规格不能调整,全部没有保存:红 M 库存已变化,现有4件,请重新打开页面"
    ]
    assert 'value="9"' in response.content.decode()
    assert stocks(shirt) == [4, 7]


def test_pieces_come_in_though_orders_came_but_once(
    client: Client, shirt: Product
) -> None:
    data = page_data(client, adjust_page(shirt))
    Sku.objects.filter(product=shirt).update(stock=3)
    assert send(client, shirt, data, kind="in", red="2").status_code == 302
    assert form_errors(send(client, shirt, data, kind="in", red="2")) == [
        "1个规格不能调整,全部没有保存:红 M 库存已被调整过,现有5件,请重新打开页面"
    ]
    assert stocks(shirt) == [5, 3]


def test_a_sku_that_has_retired_is_refused(client: Client, shirt: Product) -> None:
    data = page_data(client, adjust_page(shirt))
    _, blue = shirt.skus.order_by("pk")
    kept = [SkuChange(id=blue.pk)]
    product_update(product_id=shirt.pk, fields={}, skus=kept, operator_id=None)
    assert form_errors(send(client, shirt, data, red="1", blue="1")) == [
        "有规格已删除,请重新打开页面后再调整"
    ]
    assert stocks(shirt) == [5, 7]


def test_it_needs_its_own_permission(shirt: Product) -> None:
    writer = staff_client("view_product", "change_product", "view_sku")
    assert writer.get(adjust_page(shirt)).status_code == 403
    assert writer.post(adjust_page(shirt), {}).status_code == 403
    keeper = staff_client("view_product", "adjust_stock", name="keeper")
    assert "最近20条库存流水" not in keeper.get(adjust_page(shirt)).content.decode()
    assert send(keeper, shirt, red="6").status_code == 302
    assert stocks(shirt) == [6, 7]


def test_the_last_movements_are_below(client: Client, shirt: Product) -> None:
    red = shirt.skus.order_by("pk")[0]
    stock_adjust(sku_id=red.pk, delta=-2, note="运输破损", operator_id=None)
    text = client.get(adjust_page(shirt)).content.decode()
    assert "最近20条库存流水" in text
    assert text.index("运输破损") < text.index("初始库存")
    ledger_page = client.get(f"{PRODUCTS}{shirt.pk}/ledger/", follow=True)
    assert len(ledger_page.context["cl"].result_list) == 3


def test_pages_ask_as_much_for_200_skus_as_for_two(
    client: Client, shirt: Product, django_assert_max_num_queries: Any
) -> None:
    def counts() -> list[int]:
        found = []
        for url in (f"{PRODUCTS}{shirt.pk}/change/", adjust_page(shirt)):
            with django_assert_max_num_queries(15) as captured:
                assert client.get(url).status_code == 200
            found.append(len(captured))
        return found

    counts()  # The process reads the kind of its rows once.
    few = counts()
    Sku.objects.bulk_create(
        Sku(product=shirt, specs={"颜色": "绿", "尺码": str(n)}, price=1)
        for n in range(198)
    )
    assert counts() == few


@pytest.mark.parametrize(
    ("status", "target"), [("on_sale", "off_sale"), ("off_sale", "on_sale")]
)
def test_a_product_is_put_on_and_taken_off_sale(
    client: Client, shirt: Product, status: str, target: str
) -> None:
    Product.objects.update(status=status)
    page = f"{PRODUCTS}{shirt.pk}/sale/"
    data = page_data(client, page)
    for _ in range(2):
        # The page sent twice does not do the opposite.
        assert client.post(page, data).status_code == 302
        assert Product.objects.get().status == target
