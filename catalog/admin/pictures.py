"""Pictures in the desks' forms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.signing import BadSignature, Signer
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shop.api.images import image_url


@dataclass(frozen=True, kw_only=True)
class StoredPicture:
    """An upload after it was read: its storage name, or why it was refused."""

    name: str = ""
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class SentPictures:
    """What a form sends: names in the order that staff chose, and new pictures."""

    names: Sequence[str]
    uploads: Sequence[StoredPicture]

    def all_names(self) -> list[str]:
        """Return the names, the new ones last."""
        names = [*self.names, *(upload.name for upload in self.uploads)]
        return [name for name in names if name]


class PicturesWidget(forms.Widget):
    """Thumbnails to order and take out, and a choice of files to add."""

    needs_multipart_form = True
    template = "admin/pictures.html"

    def __init__(self, *, has_many: bool) -> None:
        super().__init__()
        self.has_many = has_many

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        """Draw it with the admin's templates, which form renderers do not see."""
        pictures = [
            {"sent": _signer().sign(stored), "url": image_url(stored)}
            for stored in value
        ]
        context = {"name": name, "pictures": pictures, "has_many": self.has_many}
        return render_to_string(self.template, {**context, "attrs": attrs or {}})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> SentPictures:
        names = data.getlist(name)
        places = data.getlist(f"{name}-place")
        removed = data.getlist(f"{name}-removed")
        ordered = sorted(
            zip(_places(places, len(names)), names, strict=True),
            key=lambda pair: pair[0],
        )
        return SentPictures(
            names=[_name(sent) for _, sent in ordered if sent not in removed],
            # A formset passes a plain dictionary when there is no file.
            uploads=files.getlist(f"{name}-upload") if files else [],
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


def _signer() -> Signer:
    """Sign the names that a page holds: who sends one back can't make up another."""
    return Signer(salt="catalog.admin.pictures")


def _name(sent: str) -> str:
    """Return the storage name, empty when the page never held it."""
    try:
        return _signer().unsign(sent)
    except BadSignature:
        return ""


def _places(texts: Sequence[str], count: int) -> list[int]:
    """Return where each picture shall stand; as sent when that is no number."""
    numbers = [int(text) if text.isdecimal() and len(text) < 5 else 0 for text in texts]
    return numbers if len(numbers) == count else list(range(count))


class PicturesField(forms.Field):
    """Pictures by storage name, in order; those of a refused form stay in it."""

    most: int
    has_many = True

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        widget = PicturesWidget(has_many=self.has_many)
        super().__init__(required=False, widget=widget, **kwargs)
        self.most = most

    def prepare_value(self, value: Any) -> list[str]:
        return value.all_names() if isinstance(value, SentPictures) else value or []

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data.uploads) or [*data.names] != self.prepare_value(initial)

    def clean(self, value: SentPictures) -> Any:
        """Return the storage names; what was uploaded anew comes last."""
        if refusals := [upload.refusal for upload in value.uploads if upload.refusal]:
            raise forms.ValidationError(refusals)
        if "" in value.names:
            raise forms.ValidationError("图片已失效,请重新上传")
        names = value.all_names()
        if len(names) > self.most:
            raise forms.ValidationError(f"最多{self.most}张图片")
        return names


class PictureField(PicturesField):
    """One picture or none, by storage name; a new one takes the place of the old."""

    has_many = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=1, **kwargs)

    def prepare_value(self, value: Any) -> list[str]:
        names = [value] if isinstance(value, str) else super().prepare_value(value)
        return [name for name in names if name][-1:]

    def clean(self, value: SentPictures) -> str:
        """Return the storage name, empty for none."""
        has_new = any(upload.name for upload in value.uploads)
        old = () if has_new else value.names
        return "".join(super().clean(replace(value, names=old)))


def thumbnail(name: str) -> str:
    """Draw a stored picture small; empty when there is none."""
    if not name:
        return ""
    return format_html(
        '<img src="{}" alt="" loading="lazy" width="40" height="40"'
        ' class="rounded-default object-cover w-10 h-10">',
        image_url(name),
    )
