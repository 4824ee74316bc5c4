"""Pictures of the demo shop, drawn: no photograph, no font, no network."""

import hashlib
import io
from colorsys import hsv_to_rgb

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw

SIDE = 480
_FOLDER = "uploads/202601"


def picture_store(*, text: str, hue: float, width: int = SIDE) -> str:
    """Draw the picture that belongs to a text; return its storage name.

    The same text always gives the same name and pixels, drawn once; square, unless it
    shall be wider.
    """
    digest = hashlib.sha256(text.encode()).digest()
    name = f"{_FOLDER}/{digest.hex()[:32]}.jpg"
    if default_storage.exists(name):
        return name
    out = io.BytesIO()
    _drawn(digest, hue, width).save(out, "JPEG", quality=85)
    return default_storage.save(name, ContentFile(out.getvalue()))


def _color(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _drawn(digest: bytes, hue: float, width: int) -> Image.Image:
    """Put three shapes on a soft gradient; the digest says which and where."""
    whole = (width, SIDE)
    mask = Image.linear_gradient("L").resize(whole)
    light = Image.new("RGB", whole, _color(hue, 0.12, 0.98))
    dark = Image.new("RGB", whole, _color(hue + 0.06, 0.45, 0.85))
    picture = Image.composite(dark, light, mask)
    draw = ImageDraw.Draw(picture)
    for number in range(3):
        kind, x, y, size = digest[number * 4 : number * 4 + 4]
        radius = 50 + size * 70 // 255
        center = (130 + x * (width - 260) // 255, 130 + y * 220 // 255)
        color = _color(hue + 0.09 * number, 0.55 + 0.1 * number, 0.9)
        _shape(draw, kind % 3, center, radius, color)
    return picture


def _shape(
    draw: ImageDraw.ImageDraw,
    kind: int,
    center: tuple[int, int],
    radius: int,
    color: tuple[int, int, int],
) -> None:
    x, y = center
    box = (x - radius, y - radius, x + radius, y + radius)
    if kind == 0:
        draw.ellipse(box, fill=color)
    elif kind == 1:
        draw.rounded_rectangle(box, radius=radius // 3, fill=color)
    else:
        draw.regular_polygon((center, radius), n_sides=6, fill=color)
