"""The shop package as a Django app: checks and commands of the whole."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """No models live here."""

    name = "shop"

    def ready(self) -> None:
        """Register the checks."""
        from shop import checks  # noqa: F401 - importing it registers them
