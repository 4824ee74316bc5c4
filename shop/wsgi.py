"""The WSGI application that gunicorn serves."""

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from shop.start import faults_told, shop_start


def application_start() -> WSGIHandler:
    """Load the application; stop the process when it could never serve a request.

    Raises: SystemExit with a line per fault.
    """
    shop_start()
    # DRF can't be imported before the apps are loaded.
    from shop.api.lane import LaneHandler

    with faults_told():
        application = LaneHandler()
        connection.ensure_connection()
    # A connection must not be shared with the workers that are forked from here.
    connection.close()
    return application


application = application_start()
