"""Steps that staff take in a real browser, at several desks of the catalogue."""

from typing import Any

from django.core.files.storage import default_storage
from PIL import Image
from playwright.sync_api import Locator, Page

from catalog.models import Product
from catalog.tests.conftest import images
from shop.tests.browser import Office

COLOURS = ("red", "green", "blue")


def colours(product: Product) -> list[str]:
    """Say what the product's pictures show, in their order."""
    found = []
    for name in images(product.pk):
        with default_storage.open(name) as file, Image.open(file) as picture:
            pixel = picture.getpixel((1, 1))
        found.append(COLOURS[pixel.index(max(pixel))])
    return found


def spec(office: Office, number: int, *values: str, name: str = "") -> None:
    """Type a spec's values; a new one gets its name first."""
    group = office.page.locator("[data-group]").nth(number)
    if name:
        group.locator("[data-name]").fill(name)
    for value in values:
        group.locator("[data-typed]").fill(value)
        group.locator("[data-typed]").press("Enter")


def said(office: Office) -> str:
    return office.page.locator("[data-told]").inner_text()


def middle(locator: Locator) -> tuple[float, float]:
    box: Any = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def touch_drag(
    page: Page, start: tuple[float, float], end: tuple[float, float]
) -> None:
    """Drag by a thumb, which Playwright's own mouse is not."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def touch(kind: str, *points: tuple[float, float]) -> None:
        sent = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": sent})

    touch("touchStart", start)
    for step in range(1, 9):
        part = step / 8
        touch(
            "touchMove",
            (
                start[0] + (end[0] - start[0]) * part,
                start[1] + (end[1] - start[1]) * part,
            ),
        )
    touch("touchEnd")
