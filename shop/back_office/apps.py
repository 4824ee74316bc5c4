"""The built-in admin with a site of our own."""

from django.contrib.admin.apps import AdminConfig


class BackOfficeConfig(AdminConfig):
    """Named in INSTALLED_APPS in place of django.contrib.admin."""

    default_site = "accounts.doors.BackOffice"
