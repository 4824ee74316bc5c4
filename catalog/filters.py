"""What the public may ask the product list for."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import (
    MaxLengthValidator,
    ProhibitNullCharactersValidator,
    RegexValidator,
)
from django.db.models import Exists, OuterRef, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from catalog.models import Product, ProductSearch, Sku
from catalog.tree import category_subtree

KEYWORD_MAX = 50
# Each ends in the id: pages neither repeat nor skip products that are alike.
ORDERINGS = {
    "-createdAt": ("-created_at", "-pk"),
    "price": ("price", "pk"),
    "-price": ("-price", "-pk"),
    "-sales": ("-sales", "-pk"),
}
ORDERING_DEFAULT = "-createdAt"


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


_PRICE = r"[0-9]{1,10}(\.[0-9]{1,2})?"
_PRICE_SCHEMA = {"type": "string", "pattern": rf"^{_PRICE}$"}


class ProductFilter(filters.FilterSet):
    """Filters of GET /api/products; an empty value is as good as none."""

    category = extend_schema_field({"type": "integer", "minimum": 0})(
        _DigitsFilter("分类", r"[0-9]{1,1000}", method="in_category")
    )
    keyword = extend_schema_field({"type": "string", "maxLength": KEYWORD_MAX})(
        _KeywordFilter(label="关键词", method="holding")
    )
    minPrice = extend_schema_field(_PRICE_SCHEMA)(
        _DigitsFilter("最低价", _PRICE, method="from_price")
    )
    maxPrice = extend_schema_field(_PRICE_SCHEMA)(
        _DigitsFilter("最高价", _PRICE, method="to_price")
    )
    inStock = extend_schema_field(bool)(
        _ChoiceFilter("有货", ("true", "false"), method="in_stock")
    )
    ordering = extend_schema_field(
        {"type": "string", "enum": list(ORDERINGS), "default": ORDERING_DEFAULT}
    )(_ChoiceFilter("排序", ORDERINGS, method="in_order"))

    def in_category(
        self, products: QuerySet[Product], name: str, value: str
    ) -> QuerySet[Product]:
        """Keep the category and all below it."""
        return products.filter(category__in=category_subtree(int(value)))

    def holding(
        self, products: QuerySet[Product], name: str, value: str
    ) -> QuerySet[Product]:
        """Keep what the keyword index finds."""
        found = ProductSearch.objects.holding(value)
        return products.filter(pk__in=found.values("product"))

    def from_price(
        self, products: QuerySet[Product], name: str, value: str
    ) -> QuerySet[Product]:
        """Keep what costs as much or more."""
        return products.filter(price__gte=Decimal(value))

    def to_price(
        self, products: QuerySet[Product], name: str, value: str
    ) -> QuerySet[Product]:
        """Keep what costs as much or less."""
        return products.filter(price__lte=Decimal(value))

    def in_stock(
        self, products: QuerySet[Product], name: str, value: str
    ) -> QuerySet[Product]:
        """Keep what can be bought now; `false` keeps everything."""
        if value == "false":
            return products
        stocked = Sku.objects.active().filter(product=OuterRef("pk"), stock__gt=0)
        return products.filter(Exists(stocked))

    def in_order(
        self, products: QuerySet[Product], name: str, value: str
    ) -> QuerySet[Product]:
        """Sort as asked."""
        return products.order_by(*ORDERINGS[value])
