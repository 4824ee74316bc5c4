#!/usr/bin/env python
"""The command line of the shop."""

import os
import sys


def main() -> int:
    """Run a management command; a wrong setting or a missing database is one line.

    Commands may run long, so they have no statement timeout unless one is asked for.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT_SECONDS", "0")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"configuration error: {error}\n")
        return 1
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        sys.stderr.write(f"database error: {reason}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
