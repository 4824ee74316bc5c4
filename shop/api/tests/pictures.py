"""Pictures that tests upload, good ones and hostile ones."""

import io
import struct
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

GPS_IFD = 0x8825
ORIENTATION = 0x0112
CANARY = b"<script>canary()</script>"


def picture(kind="JPEG", size=(40, 30), mode="RGB", color=(200, 30, 30), **options):
    """Return the bytes of a picture of one colour."""
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, kind, **options)
    return out.getvalue()


def upload_of(kind="JPEG", **options):
    """Return a picture as Django hands it to a view."""
    return upload(picture(kind, **options))


def uploaded(api):
    """Send a picture as whoever `api` is; return its URL."""
    return api.post("/api/uploads", {"file": upload_of()}).json()["data"]["url"]


def upload(data, name="a.jpg", content_type="image/jpeg"):
    """Return bytes as Django hands them to a view."""
    return SimpleUploadedFile(name, data, content_type)


def picture_with_gps():
    """Return a photo that says where and how it was taken, upside down."""
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    exif[0x010F] = CANARY.decode()
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (31.0, 13.0, 0.0), 3: "E"})
    source = Image.new("RGB", (40, 30), (200, 30, 30))
    source.paste((30, 30, 200), (0, 0, 40, 15))
    out = io.BytesIO()
    source.save(out, "JPEG", exif=exif, comment=CANARY, icc_profile=CANARY)
    return out.getvalue()


def png_chunk(kind, data):
    """Return one chunk of a PNG file."""
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_bomb(side):
    """Return a small PNG file that claims side × side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", pixels)
        + png_chunk(b"IEND", b"")
    )


def png_with_text():
    """Return a PNG file with a script in its text and colour profile chunks."""
    whole = picture("PNG", mode="RGBA", color=(0, 0, 0, 9))
    at = whole.index(b"IDAT") - 4
    extra = png_chunk(b"tEXt", b"Comment\0" + CANARY)
    extra += png_chunk(b"iCCP", b"x\0\0" + zlib.compress(CANARY))
    return whole[:at] + extra + whole[at:]
