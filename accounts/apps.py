"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Named in Chinese for the admin."""

    name = "accounts"
    verbose_name = "用户"

    def ready(self) -> None:
        """Refuse a wrong encryption key; tell drf-spectacular of our tokens."""
        from accounts import schema  # noqa: F401 - importing it registers it
        from accounts.encryption import keys_check

        keys_check()
