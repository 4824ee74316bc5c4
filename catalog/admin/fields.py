"""Form fields of the catalogue's desks."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.forms.models import ModelChoiceIterator
from rest_framework import serializers
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.errors import ContentChanged
from catalog.models import Category, Sku
from catalog.serializers.input import SpecsField as ApiSpecsField
from catalog.services.stock import STOCK_MAX
from catalog.tree import category_walk
from shop.back_office.forms import ServedForm
from shop.errors import ShopError
from shop.history import HistoryBook

# Full-width, so that no browser folds them.
INDENT = "\N{IDEOGRAPHIC SPACE}" * 2


def category_label(category: Category, level: int) -> str:
    """Return a category's name, indented by its level."""
    return f"{INDENT * level}{category.name}"


def specs_text(sku: Sku) -> str:
    """Name a SKU by its specs, in the order that shoppers see."""
    return " ".join(sku.ordered_specs().values()) or "默认"


class RuledField(forms.CharField):
    """A text that the API's own field checks and words."""

    widget = UnfoldAdminTextInputWidget

    def __init__(
        self, serializer: type[serializers.Serializer[Any]], name: str, **kwargs: Any
    ) -> None:
        self.rule: Any = serializer().fields[name]
        super().__init__(label=self.rule.label, **kwargs)
        self.error_messages["required"] = f"{self.rule.label}不能为空"

    def clean(self, value: Any) -> Any:
        text = super().clean(value).replace("\r\n", "\n")
        if text == "" and self.rule.allow_null:
            return None
        return _ruled(self.rule, text)


def _ruled(rule: Any, value: Any) -> Any:
    try:
        return rule.run_validation(value)
    except serializers.ValidationError as error:
        raise forms.ValidationError([str(text) for text in error.detail]) from None


class WholeField(forms.IntegerField):
    """A whole number within limits."""

    def __init__(self, *, label: str, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            min_value=least,
            max_value=most,
            widget=UnfoldAdminTextInputWidget({"inputmode": "numeric"}),
            error_messages={
                "required": f"{label}不能为空",
                "invalid": f"{label}必须是整数",
                "min_value": f"{label}不能小于{least}",
                "max_value": f"{label}不能大于{most}",
            },
            **kwargs,
        )


class PiecesField(WholeField):
    """A number of pieces, none included."""

    def __init__(self, *, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, least=0, most=STOCK_MAX, **kwargs)


class LongRuledField(RuledField):
    """A ruled text of several lines."""

    widget = UnfoldAdminTextareaWidget


class _TreeIterator(ModelChoiceIterator):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Any]:
        yield ("", self.field.empty_label)
        for category, level in category_walk():
            yield (
                self.field.prepare_value(category),
                category_label(category, level),
            )


class SeenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that knows what its page has shown, and refuses to write over more."""

    # What it says then.
    changed: ClassVar[type[ShopError]]

    version: forms.Field = forms.CharField(
        label="", required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["version"] = self.present_version()

    def present_version(self) -> Any:
        """Return what tells apart the states of the row."""
        return self.instance.version

    def clean_version(self) -> Any:
        """Refuse an older page at once; the service looks again, under the lock."""
        version = self.cleaned_data["version"]
        if self.fields["version"].has_changed(self.initial.get("version"), version):
            self.add_error(None, self.changed.message)
        return version


class ContentForm(SeenForm, ServedForm):
    """A form of what has a history, by which its states are told apart."""

    book: ClassVar[HistoryBook]
    changed = ContentChanged

    version = forms.IntegerField(label="", required=False, widget=forms.HiddenInput)

    def present_version(self) -> int:
        return self.book.version(self.instance.pk)


class CategoryField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A category, or none, chosen from the tree."""

    iterator = _TreeIterator
    widget = UnfoldAdminSelectWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Category.objects.all(), required=False, **kwargs)
        self.error_messages["invalid_choice"] = "分类不存在"


# Between two pairs, in the full width of Chinese keyboards or not; blanks, commas and
# colons inside of a value stay in it as long as no other pair begins there. The script
# of the page cuts alike (specs.js).
_BETWEEN = re.compile(
    r"[\s,;\uff0c\uff1b\u3001]+(?=[^\s,:;\uff0c\uff1a\uff1b\u3001]+[:\uff1a])"
)
# Ten names and values of fifty, and what stands between them.
SPECS_TEXT_MAX = 1200
_COLON = re.compile(r"[:\uff1a]")


class SpecsField(forms.CharField):
    """Specs as staff type them: `颜色:红 尺码:M`; empty for a product without."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        # Checked before the text is cut up, which takes the square of its length.
        super().__init__(required=False, max_length=SPECS_TEXT_MAX, **kwargs)
        self.widget.attrs["placeholder"] = "颜色:红 尺码:M"
        self.shown: dict[str, str] = {}

    def get_bound_field(self, form: Any, field_name: str) -> Any:
        """Remember what the page shows: it stays as it is when it is sent back."""
        self.shown = form.get_initial_for_field(self, field_name) or {}
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return " ".join(f"{name}:{text}" for name, text in value.items())

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial or {}), data)

    def clean(self, value: Any) -> dict[str, str]:
        text = super().clean(value)
        if text == self.prepare_value(self.shown):
            return self.shown
        parts = [part for part in _BETWEEN.split(text) if part]
        pairs = [_COLON.split(part, maxsplit=1) for part in parts]
        if any(len(pair) < 2 for pair in pairs):
            raise forms.ValidationError("规格请写成“颜色:红 尺码:M”")
        specs = {name.strip(): words.strip() for name, words in pairs}
        if len(specs) < len(pairs):
            raise forms.ValidationError("规格名称重复")
        return dict(_ruled(ApiSpecsField(), specs))
