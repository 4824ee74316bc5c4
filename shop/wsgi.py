"""The WSGI application that gunicorn serves."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.db import DatabaseError, connection

from shop.handler import Utf8Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")


def application_start() -> WSGIHandler:
    """Load the application; stop the process when it could never serve a request.

    Raises: SystemExit with one line when a setting is wrong or the database is away.
    """
    try:
        django.setup(set_prefix=False)
        application = Utf8Handler()
        connection.ensure_connection()
    except ImproperlyConfigured as error:
        sys.exit(f"configuration error: {error}")
    except DatabaseError as error:
        sys.exit(f"database error: {str(error).strip().splitlines()[0]}")
    # A connection must not be shared with the workers that are forked from here.
    connection.close()
    return application


application = application_start()
