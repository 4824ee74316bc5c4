"""The shop package as a Django app: checks and commands of the whole."""

from django.apps import AppConfig
from django.conf import settings


class ShopConfig(AppConfig):
    """Before the apps, which it does not know."""

    name = "shop"
    verbose_name = "系统"

    def ready(self) -> None:
        """Register the checks; report crashes, if somebody wants to have them."""
        from shop import checks  # noqa: F401 - importing it registers them

        if settings.SENTRY_DSN:
            from shop.reporting import reporting_start

            reporting_start(settings.SENTRY_DSN, environment=settings.SHOP_ENV)
