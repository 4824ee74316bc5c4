"""The pages of the catalogue that tell who changed what."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.admin.models import LogEntry
from django.test import Client

from catalog.models import Category, Product
from catalog.services.categories import category_create
from catalog.services.products import product_create, product_update
from catalog.services.skus import SkuChange
from catalog.tests.admin_pages import product_page, staff_client
from catalog.tests.test_history import history_of, told


def test_a_category_that_is_gone_is_named_as_such(
    client: Client, staff: Any, shirt: Product
) -> None:
    tea = category_create(name="茶")
    for category in (tea, None):
        fields = {"category": category}
        product_update(product_id=shirt.pk, fields=fields, operator_id=staff.pk)
    page = history_of(product_page(shirt))
    assert ">茶<" in client.get(page).content.decode()
    Category.objects.all().delete()
    assert f"已删除的分类{tea.pk}" in client.get(page).content.decode()


def test_a_long_text_is_shown_where_it_changed(
    client: Client, staff: Any, shirt: Product
) -> None:
    for tail in ("旧", "新"):
        text = f"{'前' * 500}{tail}{'后' * 500}"
        fields = {"description": text}
        product_update(product_id=shirt.pk, fields=fields, operator_id=staff.pk)
    deeds = client.get(history_of(product_page(shirt))).context["deeds"]
    change = deeds[0].parts[0].changes[0]
    before, after = "前" * 15, "后" * 44
    assert change.field == "描述"
    assert (change.old, change.new) == (
        f"…{before}旧{after}…",
        f"…{before}新{after}…",
    )


def test_the_log_stands_beside_what_is_kept(
    client: Client, staff: Any, shirt: Product
) -> None:
    """What another request logged is a line of its own, list of fields or not."""
    product_update(product_id=shirt.pk, fields={"name": "甲"}, operator_id=staff.pk)
    last = Product.history.latest().history_date
    for seconds, message in ((10, "上架"), (20, "[]"), (60, "改名")):
        LogEntry.objects.log_actions(staff.pk, [shirt], 2, message)
        entry = LogEntry.objects.filter(change_message=message)
        entry.update(action_time=last + timedelta(seconds=seconds))
    deeds = client.get(history_of(product_page(shirt))).context["deeds"]
    assert [deed.texts for deed in deeds] == [["改名"], ["上架"], []]


def test_the_log_stays_with_its_deed_when_the_next_follows_at_once(
    client: Client, staff: Any, shirt: Product
) -> None:
    for name in ("甲", "乙"):
        fields = {"name": name}
        product_update(product_id=shirt.pk, fields=fields, operator_id=staff.pk)
    last = Product.history.latest().history_date
    LogEntry.objects.log_actions(staff.pk, [shirt], 2, "上架")
    just_before = last - timedelta(microseconds=1)
    LogEntry.objects.filter(change_message="上架").update(action_time=just_before)
    deeds = client.get(history_of(product_page(shirt))).context["deeds"]
    assert [deed.texts for deed in deeds] == [[], ["上架"], []]


def test_pages_are_cut_and_queries_do_not_grow(
    client: Client, staff: Any, django_assert_max_num_queries: Any
) -> None:
    many = [
        SkuChange(specs={"号": str(number)}, price=Decimal(9), stock=0)
        for number in range(8)
    ]
    product = product_create(fields={"name": "0"}, skus=many, operator_id=staff.pk)
    page = history_of(product_page(product))
    with django_assert_max_num_queries(15) as few:
        text = client.get(page).content.decode()
    assert "其余 4 项" in text
    for number in range(1, 33):
        fields = {"name": str(number)}
        product_update(product_id=product.pk, fields=fields, operator_id=staff.pk)
    with django_assert_max_num_queries(len(few)):
        first = client.get(page)
    assert len(first.context["deeds"]) == 30
    assert "共 33 条" in first.content.decode()
    assert len(client.get(page, {"p": 2}).context["deeds"]) == 3


def test_a_product_without_specs_names_its_only_sku(client: Client, staff: Any) -> None:
    plain = [SkuChange(price=Decimal(9), stock=0)]
    tea = product_create(fields={"name": "茶"}, skus=plain, operator_id=staff.pk)
    (deed,) = client.get(history_of(product_page(tea))).context["deeds"]
    assert [part.name for part in deed.parts] == ["", "SKU 默认"]


def test_a_sku_has_its_own_page(client: Client, shirt: Product) -> None:
    sku = shirt.skus.first()
    text = client.get(f"/admin/catalog/sku/{sku.pk}/history/").content.decode()
    assert "¥59.00" in text
    assert "¥69.00" not in text


def test_who_may_not_see_the_product_does_not_see_its_past(shirt: Product) -> None:
    page = history_of(product_page(shirt))
    assert staff_client("view_category").get(page).status_code == 403
    reader = staff_client("view_product", name="reader")
    assert reader.get(page).status_code == 200
    assert reader.post(page).status_code == 200
    assert len(told(Product)) == 1
