"""The orders app."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Named in Chinese for the admin."""

    name = "orders"
    verbose_name = "订单"
