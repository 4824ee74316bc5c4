"""The WSGI application that gunicorn serves."""

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from shop.handler import Utf8Handler
from shop.start import faults_told, shop_start


def application_start() -> WSGIHandler:
    """Load the application; stop the process when it could never serve a request.

    Raises: SystemExit with a line per fault.
    """
    shop_start()
    with faults_told():
        application = Utf8Handler()
        connection.ensure_connection()
    # A connection must not be shared with the workers that are forked from here.
    connection.close()
    return application


application = application_start()
