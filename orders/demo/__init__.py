"""The demo shop, and products without end for load tests."""

from orders.demo.catalogue import demo_load
from orders.demo.orders import demo_orders_load
from orders.demo.reviews import demo_reviews_load
from orders.demo.sales import demo_sales_load
from orders.demo.shelves import demo_shelves_load
from orders.demo.volume import PRODUCTS_MAX, products_make

__all__ = [
    "PRODUCTS_MAX",
    "demo_load",
    "demo_orders_load",
    "demo_reviews_load",
    "demo_sales_load",
    "demo_shelves_load",
    "products_make",
]
