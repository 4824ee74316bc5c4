"""A product's pictures under a thumb, in a real browser."""

from typing import Any

from django.core.files.base import ContentFile

from catalog.models import ProductImage
from catalog.tests.walk import COLOURS, colours, middle, touch_drag
from shop.api.images import image_store
from shop.api.tests.pictures import picture as picture_make
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def test_pictures_are_ordered_by_thumb_and_keys_and_crossed_out(
    office: Office, product_make: Any
) -> None:
    product = product_make("龙井")
    for place, colour in enumerate(COLOURS):
        file = image_store(ContentFile(picture_make(color=colour), f"{colour}.jpg"))
        ProductImage.objects.create(product=product, file=file, position=place)
    page = f"catalog/product/{product.pk}/change/"
    office.look("phone-light")
    office.open(page)
    cards = office.page.locator("[data-many] [data-picture]")
    # All of them, clear of the bar at the foot.
    cards.nth(1).evaluate("card => card.scrollIntoView({block: 'center'})")
    start = middle(cards.nth(2).locator("[data-handle]"))
    touch_drag(office.page, start, middle(cards.first))
    cards.nth(1).locator("[data-handle]").press("ArrowRight")
    for number in (1, 2):
        cards.nth(number).locator("[data-remove]").click()
    cards.nth(2).locator("[data-remove]").click()
    office.shot("product-pictures")
    office.press("保存")
    assert colours(product) == ["blue", "red"]
