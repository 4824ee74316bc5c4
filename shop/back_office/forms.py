"""The forms that desks share."""

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from shop.api.text import plain_text


class ReasonForm(forms.Form):
    """Why something is done; shoppers or other staff may come to read it."""

    reason = forms.CharField(
        label="原因",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        error_messages={"required": "原因不能为空"},
    )

    def clean_reason(self) -> str:
        """Keep no HTML, and something beside it."""
        if reason := plain_text(self.cleaned_data["reason"]).strip():
            return reason
        raise forms.ValidationError("原因不能为空")
