"""The jobs of the orders' desks again, on a phone at night."""

# ruff: noqa: F401 - what is imported is run here, or a fixture of it.
from orders.tests.coupons.test_browser_coupon import (
    test_owner_makes_a_coupon_for_products_and_publishes_it,
)
from orders.tests.test_admin_browser import (
    test_clerk_agrees_to_the_refund_of_some_pieces,
)
from orders.tests.test_browser_desks import (
    difference,
    test_finance_sees_to_a_difference_and_a_failed_job,
    test_finance_sees_to_an_anomaly,
    test_orders_are_found_by_the_filters_and_ended,
)
from orders.tests.test_browser_money import (
    refund,
    second,
    test_staff_compensate_a_line_whose_goods_stay,
    test_two_people_grant_less_than_was_asked_for,
)
from orders.tests.test_browser_orderdesk import (
    test_order_is_found_read_mended_and_shipped,
)
from orders.tests.test_browser_people import (
    test_a_new_clerk_gets_a_role_and_a_second_factor,
)
from orders.tests.test_browser_sheets import test_two_prices_are_changed_by_a_sheet
from orders.tests.test_browser_shell import (
    test_order_is_found_by_the_search_box_and_a_filter_is_kept,
)
from shop.tests.browser import MARKS, on_phone

pytestmark = [*MARKS, on_phone]
