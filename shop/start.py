"""What every program of the shop does first: load, check, refuse in plain lines."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, OperationalError
from psycopg import errors as postgres


def shop_start() -> None:
    """Load Django; refuse a start that could not serve, or not safely.

    Raises: SystemExit with status 1, each fault a line on the error output.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    # What is loaded stays: looking through it again and again took a tenth of a start.
    gc.disable()
    try:
        with faults_told():
            django.setup()
    finally:
        gc.freeze()
        gc.enable()
    # Not before: the models can't be imported until Django is loaded.
    from shop.checks import TAG

    faults = sorted(run_checks(tags=[TAG]), key=lambda fault: str(fault.id))
    if faults:
        sys.exit("\n".join(f"configuration error: {f.id}: {f.msg}" for f in faults))


@contextmanager
def faults_told() -> Iterator[None]:
    """Tell of a wrong setting or a missing database in one line, without a trace.

    Raises: SystemExit with status 1; anything else as it comes.
    """
    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(f"configuration error: {error}")
    except (OperationalError, InterfaceError) as error:
        sys.exit(f"database error: {_first_line(error)}")
    except DatabaseError as error:
        if not isinstance(error.__cause__, postgres.UndefinedTable):
            raise
        sys.exit(f"database error: {_first_line(error)}; run manage.py migrate")


def _first_line(error: Exception) -> str:
    """Leave out what libpq adds: hints, and each address that it has tried."""
    return str(error).strip().partition("\n")[0]
