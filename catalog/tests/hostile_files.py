"""Files that somebody sends where a picture is asked for."""

import io
import zipfile
from typing import NamedTuple

from PIL import Image

from shop.api.tests.pictures import (
    CANARY,
    picture,
    picture_with_gps,
    png_bomb,
    png_with_text,
)

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='canary()'>" + CANARY + b"</svg>"
HTML = b"<!doctype html><html>" + CANARY + b"</html>"


class Sent(NamedTuple):
    """A file as a client names it, with the type that the client claims."""

    name: str
    data: bytes
    content_type: str = "image/jpeg"


def _animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in (250, 0)]
    out = io.BytesIO()
    # Long apart: the second is where a reader would find what a checker has not seen.
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=900)
    return out.getvalue()


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("canary.html", HTML)
    return file.getvalue()


# No picture, whatever it is called.
REFUSED = [
    Sent("empty.jpg", b""),
    Sent("drawing.svg", SVG, "image/svg+xml"),
    Sent("drawing.jpg", SVG),
    Sent("page.png", HTML, "image/png"),
    Sent("page.html", HTML, "text/html"),
    Sent("script.gif", b"GIF89a/*" + CANARY + b"*/=0;canary()", "image/gif"),
    Sent("program.php.jpg", b"\xff\xd8\xff\xe0<?php canary() ?>"),
    Sent("document.pdf", b"%PDF-1.7\n" + CANARY, "application/pdf"),
    Sent("archive.png", _zip(), "image/png"),
    Sent("bomb.png", png_bomb(50_000), "image/png"),
    Sent("half.jpg", picture("JPEG", size=(400, 300))[:-200]),
    Sent("half.png", picture("PNG", size=(400, 300))[:100], "image/png"),
    Sent("other.bmp", picture("BMP"), "image/bmp"),
    Sent("other.tiff", picture("TIFF"), "image/tiff"),
    Sent("font.ico", picture("ICO"), "image/x-icon"),
]
# Pictures with something else in them, of odd kinds, or under odd names.
TAKEN = [
    Sent("place.jpg", picture_with_gps()),
    Sent("words.png", png_with_text(), "image/png"),
    Sent("page.jpg", picture("JPEG") + HTML),
    Sent("page.gif", picture("GIF") + b"*/=0;canary()//" + CANARY, "image/gif"),
    Sent("archive.png", picture("PNG") + _zip(), "image/png"),
    Sent("moving.gif", _animated("GIF"), "image/gif"),
    Sent("moving.webp", _animated("WEBP"), "image/webp"),
    Sent("moving.png", _animated("PNG"), "image/png"),
    Sent("print.jpg", picture("JPEG", mode="CMYK", color=(0, 200, 200, 20))),
    Sent("deep.png", picture("PNG", mode="I;16", color=40_000), "image/png"),
    Sent("palette.png", picture("PNG", mode="P", color=3), "image/png"),
    Sent("wrong.svg", picture("PNG"), "image/svg+xml"),
    Sent("wrong.html", picture("JPEG"), "text/html"),
    Sent("../../../../etc/cron.d/up.png", picture("PNG"), "image/png"),
    Sent("..\\..\\up.png", picture("PNG"), "image/png"),
    Sent("/static/shop/docs.js", picture("PNG"), "text/javascript"),
    Sent("C:\\windows\\up.png", picture("PNG"), "image/png"),
    Sent("<img src=x onerror=canary()>.png", picture("PNG"), "image/png"),
    Sent("名" * 300 + ".png", picture("PNG"), "image/png"),
    Sent("nul\x00.png", picture("PNG"), "image/png"),
]
