"""What becomes of uploaded pictures."""

import io
import random
import re
from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from shop.api import images
from shop.api.images import ImageTooLarge, image_name, image_store, image_url
from shop.api.tests.pictures import (
    CANARY,
    picture,
    picture_with_gps,
    png_bomb,
    png_with_text,
    upload,
    upload_of,
)
from shop.errors import Busy, Invalid


def stored(data, **options):
    """Store bytes; return what is in the storage, and its name."""
    name = image_store(upload(data, **options))
    with default_storage.open(name) as file:
        return file.read(), name


def opened(data):
    shown = Image.open(io.BytesIO(data))
    shown.load()
    return shown


def refused(data, **options):
    with pytest.raises(Invalid) as error:
        image_store(upload(data, **options))
    return error.value.facts["fields"]


NO_PICTURE = {"file": ["图片格式不正确"]}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_format_becomes_jpeg(kind):
    data, name = stored(picture(kind))
    assert re.fullmatch(r"uploads/\d{6}/[0-9a-f]{32}\.jpg", name)
    shown = opened(data)
    assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", (40, 30))
    red, green, blue = shown.getpixel((20, 15))
    assert red > 180
    assert max(green, blue) < 60


@pytest.mark.parametrize(
    ("mode", "color"), [("L", 128), ("CMYK", (0, 200, 200, 20)), ("1", 1)]
)
def test_other_colours(mode, color):
    kind = "JPEG" if mode != "1" else "PNG"
    data, _ = stored(picture(kind, mode=mode, color=color))
    assert opened(data).mode == "RGB"


def test_transparency_stays():
    data, name = stored(picture("PNG", mode="RGBA", color=(10, 20, 30, 40)))
    assert name.endswith(".png")
    assert opened(data).getpixel((0, 0)) == (10, 20, 30, 40)


def test_palette_transparency_stays():
    source = Image.new("P", (40, 30), 0)
    source.putpalette([255, 0, 0, 0, 255, 0])
    out = io.BytesIO()
    source.save(out, "GIF", transparency=0)
    data, name = stored(out.getvalue())
    assert name.endswith(".png")
    assert opened(data).getpixel((0, 0))[3] == 0


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in (250, 0)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    data, _ = stored(out.getvalue())
    assert opened(data).getpixel((4, 4))[0] > 200


def test_photo_without_place_and_upright():
    source = picture_with_gps()
    assert CANARY in source
    data, _ = stored(source)
    shown = opened(data)
    assert CANARY not in data
    assert dict(shown.getexif()) == {}
    assert {"exif", "comment", "icc_profile"}.isdisjoint(shown.info)
    # Blue stood at the top; the photo says that it stands on its head.
    assert shown.getpixel((20, 27))[2] > 150
    assert shown.getpixel((20, 2))[0] > 150


def test_png_chunks_are_not_kept():
    data, _ = stored(png_with_text())
    assert opened(data).format == "PNG"
    assert re.findall(rb"tEXt|iCCP|zTXt|iTXt|eXIf", data) == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_polyglot_loses_its_other_half(kind):
    data, _ = stored(picture(kind) + CANARY + b"PK\x03\x04" + b"<?php ?>")
    assert CANARY not in data
    assert b"<?php" not in data


def test_large_picture_is_made_smaller():
    data, _ = stored(picture(size=(4000, 3000)))
    assert opened(data).size == (2048, 1536)


def test_name_and_type_of_the_client_count_for_nothing():
    _, name = stored(picture("PNG"), name="../../x.svg", content_type="text/html")
    assert re.fullmatch(r"uploads/\d{6}/[0-9a-f]{32}\.jpg", name)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>",
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
        b"%PDF-1.7",
        picture("JPEG")[:-200],
        picture("PNG")[:60],
        picture("GIF")[:30],
        picture("WEBP")[:40],
        picture("BMP"),
        picture("TIFF"),
        picture("ICO"),
    ],
)
def test_no_picture(data):
    assert refused(data) == NO_PICTURE


# Pillow also warns of them.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("side", [5_000, 12_000, 50_000, 2**31 - 1])
def test_bomb(side):
    assert refused(png_bomb(side)) == NO_PICTURE


def test_photo_of_a_good_phone():
    data, _ = stored(picture(size=(8160, 6120)))
    assert opened(data).size == (2048, 1536)
    assert refused(picture(size=(8160, 6400))) == NO_PICTURE


def test_too_many_bytes(settings):
    settings.UPLOAD_MAX_BYTES = 1000
    with pytest.raises(ImageTooLarge):
        image_store(upload(bytes(1001)))


def test_busy_when_too_many_are_read(monkeypatch):
    monkeypatch.setattr(images, "_READING_WAIT_SECONDS", 0)
    with images._reading, pytest.raises(Busy):
        image_store(upload_of())
    assert image_store(upload_of())


# Pillow also warns of them.
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_refused_or_read():
    """Thousands of files with a few wrong bytes: an answer for each."""
    chance = random.Random(7)  # noqa: S311 - the same damage every time
    sources = [
        picture_with_gps(),
        png_with_text(),
        *(picture(kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")),
    ]
    outcomes = {"read": 0, "refused": 0}
    for _ in range(3000):
        data = bytearray(chance.choice(sources))
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            images._reencoded(io.BytesIO(data))
        except images._NO_PICTURE:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
    assert min(outcomes.values()) > 100


def test_url_and_back(settings):
    settings.PUBLIC_URL = "https://shop.example.com"
    name = image_store(upload_of())
    url = image_url(name)
    assert url == f"https://shop.example.com/media/{name}"
    assert image_name(url) == name
    assert image_url("") == ""
    assert image_url("https://example.com/a.png") == "https://example.com/a.png"


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url + "x",
        lambda url: url.replace("/media/uploads/", "/media/uploads/../"),
        lambda url: url.replace("/media/", "/other/"),
        lambda url: url.replace("//", "//evil.example/"),
        lambda url: url.replace(".jpg", ".png"),
        lambda url: "",
    ],
)
def test_url_that_is_not_ours(change):
    assert image_name(change(image_url(image_store(upload_of())))) is None


def test_folder_of_its_own():
    name = image_store(upload_of(), folder="avatars")
    assert name.startswith("avatars/")
    assert image_name(image_url(name)) is None


@pytest.mark.parametrize("length", [str(6 * 1024 * 1024), "9" * 5000, "-1", "x"])
def test_parser_refuses_before_it_reads(length):
    request = SimpleNamespace(META={"CONTENT_LENGTH": length})
    with pytest.raises(ImageTooLarge):
        images.ImageUploadParser().parse(None, None, {"request": request})
