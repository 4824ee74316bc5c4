"""The forms that desks share."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from shop.api.text import plain_text

_LENGTH_MAX = 200


class PlainTextField(forms.CharField):
    """A line without HTML; when required, with something beside it."""

    def __init__(self, *, label: str, required: bool = True) -> None:
        super().__init__(
            label=label,
            required=required,
            max_length=_LENGTH_MAX,
            widget=UnfoldAdminTextInputWidget,
            error_messages={"required": f"{label}不能为空"},
        )

    def clean(self, value: Any) -> str:
        """Hold the limits for what was sent and for what is kept."""
        text = plain_text(super().clean(value)).strip()
        self.validate(text)
        return text


class ReasonForm(forms.Form):
    """Why something is done; shoppers or other staff may come to read it."""

    reason = PlainTextField(label="原因")
