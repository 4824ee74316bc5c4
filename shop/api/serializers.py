"""Serializers whose refusals name the field in Chinese."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core import validators
from django.core.validators import RegexValidator
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shop.api.text import PlainTextField

MONEY_DIGITS = 12
MONEY_MAX = Decimal("9999999999.99")
PRICE_MIN = Decimal("0.01")
# PostgreSQL's bigint: a larger id exists nowhere.
ID_MAX = 2**63 - 1
# What all these mean is that the field holds another shape than it should.
_MALFORMED = ("invalid", "invalid_choice", "not_a_list", "not_a_dict", "does_not_exist")
# int() and Decimal() would also take "１", "1_0", "1e5" and " 1".
_WHOLE_TEXT = re.compile(r"-?[0-9]+")
_MONEY_TEXT = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class ChineseMessages:
    """Word a serializer's field errors: `X不能为空`, `X必须是数字`, `X不能小于N`.

    X is the field's label; each field of an input serializer has one in Chinese.
    """

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields: dict[str, Any] = super().get_fields()  # type: ignore[misc]
        for name, field in fields.items():
            if not field.read_only:
                _word(field, str(field.label or name))
        return fields


def _word(field: Any, label: str) -> None:
    """Put the label into one field's messages; a message of its own stays."""
    for key in ("required", "null", "blank", "empty"):
        field.error_messages[key] = f"{label}不能为空"
    if isinstance(field, (serializers.IntegerField, serializers.DecimalField)):
        field.error_messages |= _number_messages(label)
    elif isinstance(field, serializers.EmailField):
        field.error_messages["invalid"] = "邮箱格式不正确"
    elif not isinstance(field, serializers.RegexField):
        for key in _MALFORMED:
            field.error_messages[key] = f"{label}格式不正确"
    for validator in field.validators:
        _word_limit(validator, label)
    if isinstance(field, (serializers.ListField, serializers.ListSerializer)):
        _word_list(field, label)


def _word_list(field: Any, label: str) -> None:
    texts = {
        "max_length": f"{label}不能超过{field.max_length}项",
        "min_length": f"{label}不能少于{field.min_length}项",
    }
    field.error_messages |= texts
    for validator in field.validators:
        if getattr(validator, "code", "") in texts:
            validator.message = texts[validator.code]
    _word(field.child, str(field.child.label or label))


def _number_messages(label: str) -> dict[str, Any]:
    not_a_number = dict.fromkeys(("invalid", "max_string_length"), f"{label}必须是数字")
    too_much = dict.fromkeys(
        ("max_digits", "max_whole_digits"), f"{label}不能大于{MONEY_MAX}"
    )
    return not_a_number | too_much | {"max_decimal_places": f"{label}最多两位小数"}


def _word_limit(validator: Any, label: str) -> None:
    limit = getattr(validator, "limit_value", None)
    if isinstance(validator, validators.MinValueValidator):
        validator.message = f"{label}不能小于{limit}"
    elif isinstance(validator, validators.MaxValueValidator):
        validator.message = f"{label}不能大于{limit}"
    elif isinstance(validator, validators.MaxLengthValidator):
        validator.message = f"{label}长度不能超过{limit}"
    elif isinstance(validator, validators.MinLengthValidator):
        validator.message = f"{label}长度不能少于{limit}"
    elif isinstance(validator, validators.EmailValidator):
        validator.message = "邮箱格式不正确"
    elif isinstance(validator, validators.ProhibitNullCharactersValidator):
        validator.message = f"{label}格式不正确"


class ShopSerializer(ChineseMessages, serializers.Serializer[Any]):
    """The base of serializers that read or show what is not one model."""


class ShopModelSerializer(ChineseMessages, serializers.ModelSerializer[Any]):
    """The base of serializers that show one model."""


def _is_odd_text(data: Any, pattern: re.Pattern[str]) -> bool:
    """Say whether a text is no plain number; a form's blanks around it are fine."""
    return isinstance(data, str) and not pattern.fullmatch(data.strip())


class WholeNumberField(serializers.IntegerField):
    """A JSON number without fraction; true and 1.0 are not numbers of pieces."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, (bool, float)) or _is_odd_text(data, _WHOLE_TEXT):
            self.fail("invalid")
        return super().to_internal_value(data)


class IdField(WholeNumberField):
    """The id of a row: a JSON number that one can have."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=ID_MAX, **kwargs)


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,2})?$"})
class MoneyField(serializers.DecimalField):
    """Yuan with two places, never negative, a string on the wire."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", Decimal(0))
        super().__init__(max_digits=MONEY_DIGITS, decimal_places=2, **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or _is_odd_text(data, _MONEY_TEXT):
            self.fail("invalid")
        return super().to_internal_value(data)


class PriceField(MoneyField):
    """Money that something costs: WeChat refuses 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=PRICE_MIN, **kwargs)


class PhoneField(serializers.RegexField):
    """A mainland mobile number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            r"^1[3-9][0-9]{9}\Z",
            error_messages={"invalid": "手机号格式不正确"},
            **kwargs,
        )
        for validator in self.validators:
            if isinstance(validator, RegexValidator):
                validator.message = "手机号格式不正确"


class LocalTimeField(serializers.DateTimeField):
    """ISO 8601 with the shop's offset, +08:00, in whole seconds."""

    def to_representation(self, value: datetime) -> str:
        return timezone.localtime(value).isoformat(timespec="seconds")


def local_time(seconds: int) -> str:
    """Write a moment, in seconds since 1970, as LocalTimeField does."""
    zone = timezone.get_current_timezone()
    return datetime.fromtimestamp(seconds, zone).isoformat()


class AddressFieldsMixin(serializers.Serializer[Any]):
    """The six fields of a postal address, in the address book as on an order."""

    name = PlainTextField(label="收货人", max_length=50)
    phone = PhoneField(label="手机号")
    province = PlainTextField(label="省份", max_length=50)
    city = PlainTextField(label="城市", max_length=50)
    district = PlainTextField(label="区县", max_length=50)
    detail = PlainTextField(label="详细地址", max_length=200)
