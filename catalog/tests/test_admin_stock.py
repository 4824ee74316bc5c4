"""Stock in the admin: adjustments with a reason, and the ledger."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from catalog.models import Product, Sku, StockMovement
from catalog.services.stock import stock_adjust
from catalog.tests.admin_pages import inputs, page_data, staff_client, told
from catalog.tests.conftest import ledger
from catalog.tests.test_races import ledger_matches
from catalog.tests.test_stock_adjust import order_takes

Make = Callable[..., Product]
SKUS = "/admin/catalog/sku/"
LEDGER = "/admin/catalog/stockmovement/"
CHANGED = "库存已变化,请重新打开页面"


def adjust_page(product: Product) -> str:
    return f"{SKUS}{product.skus.get().pk}/adjust/"


def send(client: Client, product: Product, **typed: str) -> Any:
    """Open the page, type, send."""
    url = adjust_page(product)
    data = page_data(client, url) | {"kind": "in", "reason": "盘点"} | typed
    return client.post(url, data)


def form_errors(response: Any) -> list[str]:
    assert response.status_code == 200
    found = response.context["form"].errors.values()
    return [text for texts in found for text in texts]


@pytest.fixture
def product(product_make: Make) -> Product:
    return product_make("龙井茶", stock=10)


@pytest.mark.parametrize(
    ("kind", "quantity", "delta", "stock"),
    [
        ("in", "5", 5, 15),
        ("out", "10", -10, 0),
        ("set", "7", -3, 7),
        ("set", "0", -10, 0),
    ],
)
def test_an_adjustment_is_one_row_with_reason_and_operator(
    client: Client,
    staff: Any,
    product: Product,
    kind: str,
    quantity: str,
    delta: int,
    stock: int,
) -> None:
    response = send(client, product, kind=kind, quantity=quantity, reason=" 破<b>损 ")
    sku = product.skus.get()
    assert (response.status_code, response.url) == (302, f"{SKUS}{sku.pk}/change/")
    assert told(response) == [f"库存已调整为{stock}"]
    assert sku.stock == stock
    row = StockMovement.objects.latest("pk")
    assert (row.delta, row.balance, row.reason) == (delta, stock, "adjustment")
    assert (row.reference, row.operator) == ("破损", staff)
    assert StockMovement.objects.count() == 2
    assert ledger_matches(product)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"quantity": ""}, "数量不能为空"),
        ({"quantity": "1.5"}, "数量必须是整数"),
        ({"quantity": "很多"}, "数量必须是整数"),
        ({"quantity": "-1"}, "数量不能小于0"),
        ({"quantity": "9" * 30}, "数量不能大于1000000000"),
        ({"quantity": "1000000000"}, "库存不能大于1000000000"),
        ({"quantity": "0"}, "库存没有变化"),
        ({"quantity": "10", "kind": "set"}, "库存没有变化"),
        ({"quantity": "11", "kind": "out"}, "库存只有10件,不能减少11件"),
        ({"quantity": "1", "reason": " "}, "原因不能为空"),
        ({"quantity": "1", "reason": "<br>"}, "原因不能为空"),
        ({"quantity": "1", "kind": "x"}, "选择一个有效的选项。 x 不在可用的选项中。"),
        ({"quantity": "1", "reason": "长" * 201}, None),
        ({"quantity": "1", "reason": "x\0"}, "不允许是用空字符串。"),
    ],
)
def test_bad_input_is_refused_and_writes_nothing(
    client: Client, product: Product, typed: dict[str, str], message: str | None
) -> None:
    response = send(client, product, **typed)
    found = form_errors(response)
    assert len(found) == 1
    assert message in (None, found[0])
    assert product.skus.get().stock == 10
    assert ledger(product.pk) == [("initial", 10, 10)]
    # What was typed is still there.
    assert inputs(response)["quantity"] == typed["quantity"]


def test_a_counted_figure_from_an_older_page_is_refused(
    client: Client, product: Product
) -> None:
    data = page_data(client, adjust_page(product))
    order_takes(product, 4, "A1")
    typed = {"kind": "set", "quantity": "20", "reason": "盘点"}
    response = client.post(adjust_page(product), data | typed)
    assert form_errors(response) == [CHANGED]
    assert inputs(response)["quantity"] == "20"
    assert ledger(product.pk) == [("initial", 10, 10), ("order", -4, 6)]


def test_pieces_are_added_though_an_order_came_meanwhile(
    client: Client, product: Product
) -> None:
    data = page_data(client, adjust_page(product))
    order_takes(product, 4, "A1")
    typed = {"kind": "in", "quantity": "20", "reason": "到货"}
    assert client.post(adjust_page(product), data | typed).status_code == 302
    assert product.skus.get().stock == 26


def test_a_form_sent_twice_counts_once(client: Client, product: Product) -> None:
    data = page_data(client, adjust_page(product))
    data |= {"kind": "in", "quantity": "5", "reason": "到货"}
    assert client.post(adjust_page(product), data).status_code == 302
    assert form_errors(client.post(adjust_page(product), data)) == [CHANGED]
    assert ledger(product.pk) == [("initial", 10, 10), ("adjustment", 5, 15)]


def test_a_page_that_tells_not_what_it_showed_is_refused(
    client: Client, product: Product
) -> None:
    data = {"kind": "in", "quantity": "5", "reason": "到货"}
    assert client.post(adjust_page(product), data).status_code == 200
    assert ledger(product.pk) == [("initial", 10, 10)]


def test_a_get_adjusts_nothing(client: Client, product: Product) -> None:
    data = page_data(client, adjust_page(product)) | {"quantity": "5", "reason": "x"}
    assert client.get(adjust_page(product), data).status_code == 200
    assert product.skus.get().stock == 10


def test_csrf_holds(staff: Any, product: Product) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    data = {"kind": "in", "quantity": "5", "reason": "x"}
    assert client.post(adjust_page(product), data).status_code == 403
    assert product.skus.get().stock == 10


def test_a_lock_held_too_long_is_told(
    client: Client, transactional_db: None, product_make: Make
) -> None:
    product = product_make()
    data = page_data(client, adjust_page(product))
    data |= {"kind": "in", "quantity": "5", "reason": "到货"}
    holder = connection.copy()
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT FROM catalog_sku FOR UPDATE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10ms'")
        response = client.post(adjust_page(product), data)
    finally:
        holder.close()
        connection.close()
    assert form_errors(response) == ["系统繁忙,请稍后再试"]
    assert product.skus.get().stock == 10


def test_adjusting_needs_its_own_permission(product: Product) -> None:
    all_but_it = staff_client(
        "view_sku", "change_sku", "add_sku", "delete_sku", "change_product"
    )
    url = adjust_page(product)
    data = {
        "kind": "in",
        "quantity": "5",
        "reason": "x",
        "expected_stock": "10",
        "expected_adjustment": "0",
    }
    for shown in (
        SKUS,
        f"{url[:-7]}change/",
        f"/admin/catalog/product/{product.pk}/change/",
    ):
        text = all_but_it.get(shown).content.decode()
        assert "龙井茶" in text
        assert "调整库存" not in text.replace("以后用“调整库存”修改", "")
    assert all_but_it.get(url).status_code == 403
    assert all_but_it.post(url, data).status_code == 403
    assert product.skus.get().stock == 10
    blind = staff_client("adjust_stock", name="blind")
    assert blind.post(url, data).status_code == 403
    assert product.skus.get().stock == 10
    keeper = staff_client("view_sku", "adjust_stock", name="keeper")
    for shown in (SKUS, f"{url[:-7]}change/"):
        assert "调整库存" in keeper.get(shown).content.decode()
    assert keeper.post(url, data).status_code == 302
    assert product.skus.get().stock == 15


def test_the_page_of_a_product_leads_to_each_sku(
    client: Client, product: Product
) -> None:
    text = client.get(f"/admin/catalog/product/{product.pk}/change/").content.decode()
    assert f'href="{adjust_page(product)}"' in text


def test_skus_are_written_on_the_products_page_alone(
    client: Client, product: Product
) -> None:
    sku = product.skus.get()
    assert client.get(f"{SKUS}add/").status_code == 403
    assert client.post(f"{SKUS}{sku.pk}/change/", {"stock": 99}).status_code == 403
    assert client.post(f"{SKUS}{sku.pk}/delete/", {"post": 1}).status_code == 403
    assert product.skus.get().stock == 10


def test_skus_of_deleted_products_are_not_there(
    client: Client, product: Product
) -> None:
    url = adjust_page(product)
    Product.objects.update(status="deleted")
    assert client.get(url).status_code == 404
    assert list(client.get(SKUS).context["cl"].result_list) == []


def test_skus_are_found_by_code_and_by_name(client: Client, product_make: Make) -> None:
    tea, pot = product_make("西湖龙井"), product_make("陶壶", stock=0)
    pot.skus.update(code="HU-9")

    def found(term: str) -> list[str]:
        rows = client.get(SKUS, {"q": term}).context["cl"].result_list
        return [sku.product.name for sku in rows]

    assert found("龙井") == [tea.name]
    assert found("hu-") == [pot.name]
    assert found("没有") == []
    text = client.get(SKUS).content.decode()
    assert "缺货" in text
    assert "¥99.00" in text


def test_queries_do_not_grow_with_rows(
    client: Client,
    staff: Any,
    product: Product,
    product_make: Make,
    django_assert_max_num_queries: Any,
) -> None:
    def counts() -> list[int]:
        found = []
        for url in (SKUS, f"{SKUS}?q=茶", LEDGER, adjust_page(product)):
            client.get(url)
            with django_assert_max_num_queries(20) as captured:
                assert client.get(url).status_code == 200
            found.append(len(captured))
        return found

    few = counts()
    for number in range(12):
        sku = product_make(f"茶{number}").skus.get()
        stock_adjust(sku_id=sku.pk, delta=1, note="到货", operator_id=staff.pk)
    assert Sku.objects.count() == 13
    assert counts() == few
