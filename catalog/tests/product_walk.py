"""Steps at the page of a product, in a real browser."""

from django.core.files.storage import default_storage
from PIL import Image

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
