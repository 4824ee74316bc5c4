"""The catalog app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Named in Chinese for the admin."""

    name = "catalog"
    verbose_name = "商品"
