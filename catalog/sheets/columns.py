"""Cells of the catalogue's sheets: how they are written, and what they mean."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from import_export.widgets import Widget

from catalog.admin.fields import SpecsField
from catalog.models import Sku
from catalog.tree import category_walk
from shop.api.serializers import ID_MAX, IdField, ShopSerializer, WholeNumberField

_DIGITS = len(str(ID_MAX))


class Numbers(ShopSerializer):
    """What names a row of the database in a sheet."""

    product = IdField(label="商品编号")
    sku = IdField(label="SKU编号")
    adjustment = WholeNumberField(label="盘点依据", min_value=0, max_value=ID_MAX)


def numbers_of(texts: Iterable[str]) -> set[int]:
    """Return the texts that are such numbers; the others name nothing."""
    plain = (text for text in texts if text.isascii() and text.isdigit())
    short = (text for text in plain if len(text) <= _DIGITS)
    return {number for number in map(int, short) if number <= ID_MAX}


class Choice(Widget):
    """One of some words; `meanings` says what each stands for."""

    def __init__(self, meanings: Mapping[str, Any], message: str) -> None:
        super().__init__()
        self.meanings = meanings
        self.message = message

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        """Return what a word stands for.

        Raises: ValueError.
        """
        if value not in self.meanings:
            raise ValueError(self.message)
        return self.meanings[value]


_SPECS = SpecsField()


class Specs(Widget):
    """Specs as the product's page writes them, `颜色:红 尺码:M`."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> dict[str, str]:
        """Return the pairs.

        Raises: ValueError.
        """
        try:
            return _SPECS.clean(value)
        except ValidationError as error:
            raise ValueError(error.messages[0]) from None


def specs_written(sku: Sku) -> str:
    """Write a SKU's specs as `Specs` reads them."""
    return " ".join(f"{name}:{text}" for name, text in sku.ordered_specs().items())


def category_paths() -> dict[int, str]:
    """Return each category's way from the root, `服装/上衣`, by id."""
    paths: dict[int, str] = {}
    for category, _ in category_walk():
        above = f"{paths[category.parent_id]}/" if category.parent_id else ""
        paths[category.pk] = f"{above}{category.name}"
    return paths
