"""Images: decoded, re-encoded, stored under random names; shown by absolute URLs."""

import io
import re
import secrets
import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image, UnidentifiedImageError
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from shop.errors import Busy, Invalid, ShopError

# A phone's photo has 12 to 50 megapixels. A JPEG is read at a fraction of its size;
# other formats take 4 bytes a pixel, and bombs have billions.
JPEG_PIXELS_MAX = 52_000_000
PIXELS_MAX = 16_000_000
SIDE_MAX = 2048
# The worst picture within these limits takes 300 MB and 3 s to read (measured): one at
# a time in each process.
_reading = threading.Lock()
# Not longer: who waits holds a thread that others need for their orders.
_READING_WAIT_SECONDS = 2
# Boundaries and headers of a form with one file.
_FORM_OVERHEAD_BYTES = 64 * 1024
# Everything that Pillow is known to raise on a file that is no picture.
_NO_PICTURE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
)
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_NAME = re.compile(r"uploads/\d{6}/[0-9a-f]{32}\.(?:jpg|png)")
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageTooLarge(ShopError):
    """The file has too many bytes."""

    code = "too_large"
    http_status = 413
    message = f"图片不能超过{settings.UPLOAD_MAX_BYTES // 1024 // 1024}MB"


class ImageUploadParser(MultiPartParser):
    """Read a form with one picture; refuse a longer one before it is received."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        """Return the form.

        Raises: ImageTooLarge.
        """
        request = (parser_context or {})["request"]
        length = request.META.get("CONTENT_LENGTH") or "0"
        most = settings.UPLOAD_MAX_BYTES + _FORM_OVERHEAD_BYTES
        # int() itself refuses 4,300 digits.
        if not length.isdecimal() or len(length) > 12 or int(length) > most:
            raise ImageTooLarge
        return super().parse(stream, media_type, parser_context)


def image_store(upload: Any, *, folder: str = "uploads") -> str:
    """Re-encode an uploaded picture and return its storage name.

    What is stored is made from the pixels alone: no metadata (GPS), no polyglot, no
    SVG; at most 2048 pixels a side.

    Raises: Invalid, ImageTooLarge, Busy.
    """
    if upload.size > settings.UPLOAD_MAX_BYTES:
        raise ImageTooLarge
    if not _reading.acquire(timeout=_READING_WAIT_SECONDS):
        raise Busy
    try:
        data, extension = _reencoded(upload)
    except _NO_PICTURE:
        raise Invalid.field("file", "图片格式不正确") from None
    finally:
        _reading.release()
    month = timezone.localdate().strftime("%Y%m")
    name = f"{folder}/{month}/{secrets.token_hex(16)}.{extension}"
    return default_storage.save(name, ContentFile(data))


def _reencoded(upload: Any) -> tuple[bytes, str]:
    with Image.open(upload, formats=_FORMATS) as picture:
        most = JPEG_PIXELS_MAX if picture.format == "JPEG" else PIXELS_MAX
        if picture.width * picture.height > most:
            raise Image.DecompressionBombError
        picture.draft("RGB", (SIDE_MAX, SIDE_MAX))
        has_alpha = picture.has_transparency_data
        pixels = picture.convert("RGBA" if has_alpha else "RGB")
        turn = _UPRIGHT.get(picture.getexif().get(_ORIENTATION_TAG, 1))
    pixels.thumbnail((SIDE_MAX, SIDE_MAX))
    if turn is not None:
        pixels = pixels.transpose(turn)
    # Comments and colour profiles would be written again.
    pixels.info = {}
    out = io.BytesIO()
    if has_alpha:
        pixels.save(out, "PNG")
        return out.getvalue(), "png"
    pixels.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue(), "jpg"


def image_urls(names: Iterable[str]) -> list[str]:
    """Return the absolute URLs of stored images, as `image_url` does each."""
    root = _own_root()
    return [
        f"{root}{name}" if _NAME.fullmatch(name) else image_url(name) for name in names
    ]


def image_url(name: str) -> str:
    """Return the absolute URL of a stored image; a full URL stays as it is."""
    if not name or name.startswith(("https://", "http://")):
        return name
    if _NAME.fullmatch(name):
        # One of ours, in which nothing is to be escaped.
        return f"{_own_root()}{name}"
    return _url(name)


def _own_root() -> str:
    return _root((settings.PUBLIC_URL, settings.MEDIA_URL, settings.S3_PUBLIC_URL))


@lru_cache(maxsize=1)
def _root(places: tuple[str, str, str]) -> str:
    """Return what stands before each name, as long as the settings name these places.

    Asking the storage takes 10 µs a picture.
    """
    return _url("uploads").removesuffix("uploads")


def _url(name: str) -> str:
    url = default_storage.url(name)
    return url if url.startswith("http") else f"{settings.PUBLIC_URL}{url}"


def image_name(url: str) -> str | None:
    """Return the storage name of one of our own upload URLs, else None."""
    prefix = image_url("uploads/")
    name = f"uploads/{url.removeprefix(prefix)}"
    if not url.startswith(prefix) or not _NAME.fullmatch(name):
        return None
    return name if default_storage.exists(name) else None


class ImageField(serializers.CharField):
    """An uploaded image: its URL on the wire, its storage name inside."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 500)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text == "" and self.allow_blank:
            return ""
        name = image_name(text)
        if name is None:
            raise serializers.ValidationError("图片地址无效,请先上传图片")
        return name

    def to_representation(self, value: str) -> str:
        return image_url(value)
