"""The forms that desks share."""

from typing import Any

from django import forms
from django.db import models
from unfold.widgets import INPUT_CLASSES, UnfoldAdminTextInputWidget

from shop.api.text import plain_text

_LENGTH_MAX = 200
# More digits than an id has are no id; thousands Python would not even read.
_ID_DIGITS = 18


def id_typed(text: str) -> int | None:
    """Return the id that a text is, if it is one."""
    is_id = text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS
    return int(text) if is_id else None


class PlainTextField(forms.CharField):
    """A line without HTML; when required, with something beside it."""

    def __init__(
        self, *, label: str, required: bool = True, max_length: int = _LENGTH_MAX
    ) -> None:
        super().__init__(
            label=label,
            required=required,
            max_length=max_length,
            widget=UnfoldAdminTextInputWidget,
            error_messages={"required": f"{label}不能为空"},
        )

    def clean(self, value: Any) -> str:
        """Hold the limits for what was sent and for what is kept."""
        text = plain_text(super().clean(value)).strip()
        self.validate(text)
        return text


class MomentField(forms.DateTimeField):
    """A moment of the shop's own time, in the browser's own calendar and clock."""

    def __init__(self, *, label: str, **kwargs: Any) -> None:
        shape = {"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}
        super().__init__(
            label=label,
            widget=forms.DateTimeInput(shape, format="%Y-%m-%dT%H:%M"),
            error_messages={
                "required": f"{label}不能为空",
                "invalid": f"{label}格式不正确",
            },
            **kwargs,
        )


class ReasonForm(forms.Form):
    """Why something is done; shoppers or other staff may come to read it."""

    reason = PlainTextField(label="原因")


class ServedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form of a row that a service writes: it checks the fields alone.

    Django would hold what is typed against the row's constraints, and name them to
    staff; the service says what is missing, or leaves out what is not wanted.
    """

    def clean(self) -> Any:
        """Refuse numbers that their column can't hold."""
        cleaned = super().clean()
        for field in self._meta.model._meta.fields:
            number = self.cleaned_data.get(field.name)
            if isinstance(field, models.IntegerField) and number is not None:
                try:
                    field.run_validators(number)
                except forms.ValidationError as error:
                    self.add_error(field.name, error)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        return {field.name for field in self._meta.model._meta.get_fields()}
