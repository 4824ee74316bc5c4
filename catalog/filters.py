"""What the public may ask the product list for."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import (
    MaxLengthValidator,
    ProhibitNullCharactersValidator,
    RegexValidator,
)
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from catalog.listing import ProductListing
from catalog.listing_sql import ORDERING_DEFAULT, ORDERINGS
from catalog.models import Product

KEYWORD_MAX = 50


class _DigitsFilter(filters.CharFilter):
    """A number in plain ASCII digits: int() and Decimal() take much more."""

    def __init__(self, label: str, pattern: str, **kwargs: Any) -> None:
        message = f"{label}必须是数字"
        validator = RegexValidator(rf"\A{pattern}\Z", message)
        super().__init__(label=label, validators=[validator], **kwargs)


class _ChoiceFilter(filters.ChoiceFilter):
    """One of a few words."""

    def __init__(self, label: str, words: Any, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            choices=[(word, word) for word in words],
            error_messages={"invalid_choice": f"{label}格式不正确"},
            **kwargs,
        )


class _KeywordField(forms.CharField):
    """A text without NUL, which no text in the database holds."""

    default_validators = [
        MaxLengthValidator(KEYWORD_MAX, f"关键词长度不能超过{KEYWORD_MAX}")
    ]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for validator in self.validators:
            if isinstance(validator, ProhibitNullCharactersValidator):
                validator.message = "关键词格式不正确"


class _KeywordFilter(filters.CharFilter):
    field_class = _KeywordField


_CATEGORY = r"[0-9]{1,1000}"
_PRICE = r"[0-9]{1,10}(\.[0-9]{1,2})?"
_STOCKS = ("true", "false")
_PRICE_SCHEMA = {"type": "string", "pattern": rf"^{_PRICE}$"}


class ProductFilter(filters.FilterSet):
    """Filters of GET /api/products; an empty value is as good as none."""

    category = extend_schema_field({"type": "integer", "minimum": 0})(
        _DigitsFilter("分类", _CATEGORY)
    )
    keyword = extend_schema_field({"type": "string", "maxLength": KEYWORD_MAX})(
        _KeywordFilter(label="关键词")
    )
    minPrice = extend_schema_field(_PRICE_SCHEMA)(_DigitsFilter("最低价", _PRICE))
    maxPrice = extend_schema_field(_PRICE_SCHEMA)(_DigitsFilter("最高价", _PRICE))
    inStock = extend_schema_field(bool)(_ChoiceFilter("有货", _STOCKS))
    ordering = extend_schema_field(
        {"type": "string", "enum": list(ORDERINGS), "default": ORDERING_DEFAULT}
    )(_ChoiceFilter("排序", ORDERINGS))

    def filter_queryset(self, queryset: QuerySet[Product]) -> ProductListing:
        """Return what was asked for; the listing has SQL of its own."""
        return _listing(self.form.cleaned_data)


# What the form of the filterset takes as it is sent.
_PLAIN = {
    "category": re.compile(_CATEGORY),
    "keyword": re.compile(rf"[^\0\s]([^\0]{{0,{KEYWORD_MAX - 2}}}[^\0\s])?"),
    "minPrice": re.compile(_PRICE),
    "maxPrice": re.compile(_PRICE),
    "inStock": re.compile("|".join(_STOCKS)),
    "ordering": re.compile("|".join(ORDERINGS)),
}


def plain_listing(query: Mapping[str, str]) -> ProductListing | None:
    """Return what was asked for; None when the filterset has to judge it.

    A filterset copies its fields and builds a form for each request, which takes as
    long as the database does.
    """
    asked = {name: query.get(name, "") for name in _PLAIN}
    if all(not value or _PLAIN[name].fullmatch(value) for name, value in asked.items()):
        return _listing(asked)
    return None


def _listing(asked: Mapping[str, str]) -> ProductListing:
    return ProductListing(
        category=int(asked["category"]) if asked["category"] else None,
        keyword=asked["keyword"] or None,
        min_price=Decimal(asked["minPrice"]) if asked["minPrice"] else None,
        max_price=Decimal(asked["maxPrice"]) if asked["maxPrice"] else None,
        in_stock=asked["inStock"] == "true" or None,
        ordering=asked["ordering"] or ORDERING_DEFAULT,
    )
