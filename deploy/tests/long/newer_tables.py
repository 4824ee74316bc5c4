"""Copied beside the conftest.py of an older version: its tests on newer tables."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from psycopg.sql import SQL, Identifier


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_modify_db_settings: None,
) -> None:
    """Copy the tables that the newer version has made; make and change none.

    Source: pytest-django, "Create a test database from a template".
    """
    made = connection.settings_dict["NAME"]
    copied = connection.creation._get_test_db_name()
    names = map(Identifier, [copied, made])
    with django_db_blocker.unblock():
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        settings.DATABASES["default"]["NAME"] = copied
        connection.settings_dict["NAME"] = copied
