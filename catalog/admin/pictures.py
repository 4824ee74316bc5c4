"""Pictures in the desks' forms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django import forms
from django.core.signing import BadSignature, Signer
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shop.api.images import image_url


@dataclass(frozen=True, kw_only=True)
class StoredPicture:
    """A picture that a form sends: its storage name, or why it was refused."""

    name: str = ""
    refusal: str = ""
    is_new: bool = True


@dataclass(frozen=True, kw_only=True)
class SentPictures:
    """What a form sends: the pictures in the order that staff chose."""

    pictures: Sequence[StoredPicture]

    def names(self) -> list[str]:
        """Return the names; a refused upload has none."""
        return [picture.name for picture in self.pictures if picture.name]

    def has_new(self) -> bool:
        return any(picture.is_new for picture in self.pictures)


class PicturesWidget(forms.Widget):
    """Thumbnails to order and take out, and a choice of files to add."""

    needs_multipart_form = True
    template = "admin/pictures.html"

    class Media:
        css: ClassVar = {"all": ("catalog/pictures.css",)}
        js = (forms.Script("catalog/pictures.js", type="module"),)

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
        removed = data.getlist(f"{name}-removed")
        names = data.getlist(name)
        # A formset passes a plain dictionary when there is no file.
        uploads = files.getlist(f"{name}-upload") if files else []
        old = [StoredPicture(name=_name(sent), is_new=False) for sent in names]
        places = _places(data.getlist(f"{name}-place"), range(len(names)))
        # Without a place of their own, the new ones come last.
        last = range(_PLACE_MAX, _PLACE_MAX + len(uploads))
        places += _places(data.getlist(f"{name}-upload-place"), last)
        kept = [sent not in removed for sent in names] + [True] * len(uploads)
        rows = zip(places, kept, [*old, *uploads], strict=True)
        ordered = sorted(rows, key=lambda row: row[0])
        return SentPictures(
            pictures=[picture for _, stays, picture in ordered if stays]
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


# Above every place that is typed.
_PLACE_MAX = 10_000


def _places(texts: Sequence[str], default: Sequence[int]) -> list[int]:
    """Return where each picture shall stand; the default when the count is wrong."""
    numbers = [int(text) if text.isdecimal() and len(text) < 5 else 0 for text in texts]
    return numbers if len(numbers) == len(default) else list(default)


class PicturesField(forms.Field):
    """Pictures by storage name, in order; those of a refused form stay in it."""

    most: int
    has_many = True

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        widget = PicturesWidget(has_many=self.has_many)
        super().__init__(required=False, widget=widget, **kwargs)
        self.most = most

    def prepare_value(self, value: Any) -> list[str]:
        return value.names() if isinstance(value, SentPictures) else value or []

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data.has_new() or data.names() != self.prepare_value(initial))

    def clean(self, value: SentPictures) -> Any:
        """Return the storage names, in order."""
        if refusals := [one.refusal for one in value.pictures if one.refusal]:
            raise forms.ValidationError(refusals)
        names = value.names()
        if len(names) < len(value.pictures):
            raise forms.ValidationError("图片已失效,请重新上传")
        if len(names) > self.most:
            raise forms.ValidationError(f"最多{self.most}张图片")
        return names


class PictureField(PicturesField):
    """One picture or none, by storage name; a new one takes the place of the old."""

    has_many = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=1, **kwargs)

    def prepare_value(self, value: Any) -> list[str]:
        if isinstance(value, SentPictures):
            return _latest(value).names()
        return [value] if value else []

    def clean(self, value: SentPictures) -> str:
        """Return the storage name, empty for none."""
        return "".join(super().clean(_latest(value)))


def _latest(sent: SentPictures) -> SentPictures:
    """Leave the old picture out when a new one was read."""
    is_replaced = any(one.is_new and one.name for one in sent.pictures)
    kept = [one for one in sent.pictures if one.is_new or not is_replaced]
    return replace(sent, pictures=kept)


def thumbnail(name: str) -> str:
    """Draw a stored picture small; empty when there is none."""
    if not name:
        return ""
    return format_html(
        '<img src="{}" alt="" loading="lazy" width="40" height="40"'
        ' class="rounded-default object-cover w-10 h-10">',
        image_url(name),
    )
