"""The jobs of the catalog's desks again, on a phone at night."""

# ruff: noqa: F401 - what is imported is run here, or a fixture of it.
from catalog.tests.long.test_browser_home import (
    test_a_banner_and_a_section_come_to_the_home_page,
)
from catalog.tests.long.test_browser_shelf import (
    test_products_go_off_sale_and_a_delivery_is_booked_for_all_skus,
)
from catalog.tests.long.test_browser_tree import (
    tea,
    test_a_product_is_looked_at_as_a_shopper_would_and_copied,
)
from shop.tests.browser import MARKS, on_phone

pytestmark = [*MARKS, on_phone]
