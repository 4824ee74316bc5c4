#!/usr/bin/env python
"""The command line of the shop."""

import os
import sys

WORKER = "procrastinate"


def main() -> None:
    """Run a management command; a wrong setting or a missing database is one line.

    Commands may run long, so they have no statement timeout unless one is asked for.
    """
    os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT_SECONDS", "0")
    from shop.start import faults_told, shop_start

    shop_start()
    from django.core.management import execute_from_command_line
    from django.db import connection

    with faults_told():
        if WORKER in sys.argv[1:2]:
            # Its own pool would try for half a minute, with a warning each time.
            connection.ensure_connection()
            connection.close()
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
