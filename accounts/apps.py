"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Named in Chinese for the admin."""

    name = "accounts"
    verbose_name = "用户"

    def ready(self) -> None:
        """Tell drf-spectacular of our tokens."""
        from accounts import schema  # noqa: F401 - importing it registers it
