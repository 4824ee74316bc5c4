"""The words of refusals, and what is a number, a price, a phone."""

import json
from decimal import Decimal
from typing import Any

import pytest
from rest_framework import serializers

from shop.api.serializers import (
    MoneyField,
    PhoneField,
    PriceField,
    ShopSerializer,
    WholeNumberField,
)
from shop.api.text import PlainTextField


class Part(ShopSerializer):
    count = WholeNumberField(label="件数", min_value=1)


class Form(ShopSerializer):
    name = PlainTextField(label="名称", min_length=2, max_length=5)
    quantity = WholeNumberField(label="数量", min_value=1, max_value=999)
    price = PriceField(label="价格")
    amount = MoneyField(label="金额")
    mail = serializers.EmailField(label="邮箱")
    phone = PhoneField(label="手机号")
    status = serializers.ChoiceField(label="状态", choices=["on", "off"])
    flag = serializers.BooleanField(label="默认")
    part = Part(label="部分")
    parts = Part(label="部件", many=True, allow_empty=False, max_length=2)
    tags = serializers.ListField(
        label="标签", child=PlainTextField(max_length=3), max_length=2
    )
    specs = serializers.DictField(label="规格", child=PlainTextField())


def refusal(field: str, value: Any) -> Any:
    """Return what the form says to one value as JSON brings it."""
    form = Form(data=json.loads(json.dumps({field: value})), partial=True)
    assert not form.is_valid(), form.validated_data
    return form.errors[field]


def accepted(field: str, value: Any) -> Any:
    form = Form(data={field: value}, partial=True)
    assert form.is_valid(), form.errors
    return form.validated_data[field]


def test_required() -> None:
    form = Form(data={})
    assert not form.is_valid()
    assert form.errors == {
        name: [f"{field.label}不能为空"] for name, field in form.fields.items()
    }


@pytest.mark.parametrize("name", Form().fields)
def test_null_is_as_good_as_nothing(name: str) -> None:
    assert refusal(name, None) == [f"{Form().fields[name].label}不能为空"]


@pytest.mark.parametrize("name", ["name", "mail", "phone"])
def test_blank(name: str) -> None:
    for blank in ("", "  ", "\u3000"):
        assert refusal(name, blank) == [f"{Form().fields[name].label}不能为空"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "x", "名称长度不能少于2"),
        ("name", "x" * 6, "名称长度不能超过5"),
        ("quantity", 0, "数量不能小于1"),
        ("quantity", -1, "数量不能小于1"),
        ("quantity", 1000, "数量不能大于999"),
        ("quantity", 10**9, "数量不能大于999"),
        ("quantity", 10**30, "数量不能大于999"),
        ("quantity", "", "数量必须是数字"),
        ("status", "lost", "状态格式不正确"),
        ("status", ["on"], "状态格式不正确"),
        ("status", {}, "状态格式不正确"),
        ("flag", "maybe", "默认格式不正确"),
        ("flag", [], "默认格式不正确"),
        ("part", [], "部分格式不正确"),
        ("parts", {}, "部件格式不正确"),
        ("parts", [], "部件不能为空"),
        ("parts", [{"count": 1}] * 3, "部件不能超过2项"),
        ("tags", "x", "标签格式不正确"),
        ("tags", ["a", "b", "c"], "标签不能超过2项"),
        ("specs", [], "规格格式不正确"),
    ],
)
def test_words(field: str, value: Any, message: str) -> None:
    found = refusal(field, value)
    # A nested form keeps what is wrong with it as a whole under this name.
    if isinstance(found, dict):
        found = found["non_field_errors"]
    assert found == [message]


def test_words_of_what_stands_in_lists() -> None:
    assert refusal("parts", [{"count": "x"}]) == {0: {"count": ["件数必须是数字"]}}
    assert refusal("parts", [3]) == {0: {"non_field_errors": ["部件格式不正确"]}}
    assert refusal("parts", [None]) == {0: ["部件不能为空"]}
    assert refusal("tags", ["abcd"]) == {0: ["标签长度不能超过3"]}
    assert refusal("tags", [None]) == {0: ["标签不能为空"]}
    assert refusal("part", {"count": 0}) == {"count": ["件数不能小于1"]}


@pytest.mark.parametrize("value", [1, 999, "1", "007", " 12 "])
def test_whole_numbers(value: Any) -> None:
    assert accepted("quantity", value) == int(value)


@pytest.mark.parametrize(
    "value",
    [True, False, 1.0, 1.5, "1.0", "1.5", "１", "٣", "²", "1_0", "1e2", "0x1", "+1",
     "abc", [], {}, "NaN", "9" * 5000],
    ids=lambda value: repr(value)[:10],
)  # fmt: skip
def test_what_is_no_whole_number(value: Any) -> None:
    assert refusal("quantity", value) == ["数量必须是数字"]


@pytest.mark.parametrize(
    ("value", "yuan"),
    [
        ("99.00", "99.00"),
        ("99", "99.00"),
        (99, "99.00"),
        (0.1, "0.10"),
        (19.99, "19.99"),
        ("0.01", "0.01"),
        ("9999999999.99", "9999999999.99"),
        ("007.50", "7.50"),
        (" 1.5 ", "1.50"),
    ],
)
def test_money(value: Any, yuan: str) -> None:
    for field in ("price", "amount"):
        kept = accepted(field, value)
        assert (kept, str(kept)) == (Decimal(yuan), yuan)
        assert Form().fields[field].to_representation(kept) == yuan


@pytest.mark.parametrize(
    "value",
    ["1e5", "1E-1", "NaN", "nan", "sNaN", "Infinity", "-Infinity", "inf", "１.00",
     "1_0", "1,000", "+1", ".5", "5.", "0x1", "", " ", "abc", "¥1", True, False, [],
     {}, "9" * 2000, "1" + "0" * 400 + "e9"],
    ids=lambda value: repr(value)[:10],
)  # fmt: skip
def test_what_is_no_money(value: Any) -> None:
    assert refusal("price", value) == ["价格必须是数字"]
    assert refusal("amount", value) == ["金额必须是数字"]


@pytest.mark.parametrize("value", ["0.001", 0.001, "1.005", 1.005, "99.000", 1e-7])
def test_money_has_two_places(value: Any) -> None:
    assert refusal("price", value) == ["价格最多两位小数"]
    assert refusal("amount", value) == ["金额最多两位小数"]


@pytest.mark.parametrize("value", ["10000000000", 10**10, 1e16, 1e300, "9" * 40])
def test_money_has_a_greatest_amount(value: Any) -> None:
    assert refusal("price", value) == ["价格不能大于9999999999.99"]
    assert refusal("amount", value) == ["金额不能大于9999999999.99"]


def test_prices_are_at_least_a_fen_and_amounts_not_negative() -> None:
    for value in (0, "0", "0.00", -1, "-0.01"):
        assert refusal("price", value) == ["价格不能小于0.01"]
    assert accepted("amount", "0") == Decimal("0.00")
    for value in (-1, "-0.01"):
        assert refusal("amount", value) == ["金额不能小于0"]


@pytest.mark.parametrize("value", ["a", "a@", "@b.cn", "a b@c.cn", "a@b", "a@b.cn\n.x"])
def test_mail(value: str) -> None:
    assert refusal("mail", value) == ["邮箱格式不正确"]
    assert accepted("mail", "li.lei@example.cn") == "li.lei@example.cn"


@pytest.mark.parametrize("value", ["13000000000", "19999999999", " 13800138000 "])
def test_phones(value: str) -> None:
    assert accepted("phone", value) == value.strip()


@pytest.mark.parametrize(
    "value",
    ["12800138000", "1380013800", "138001380000", "+8613800138000", "138-0013-8000",
     "１３８００１３８０００", "1３８00138000", "13800138000\n1", "abc", True, [], {}],
    ids=repr,
)  # fmt: skip
def test_what_is_no_phone(value: Any) -> None:
    assert refusal("phone", value) == ["手机号格式不正确"]


def test_unknown_fields_are_ignored() -> None:
    form = Form(data={"name": "龙井", "is_staff": True}, partial=True)
    assert form.is_valid()
    assert form.validated_data == {"name": "龙井"}
