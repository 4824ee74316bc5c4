"""Bring the database up to date: tables, the staff account, the demo shop.

A program of one argument, the staff account's name; its password comes in
STAFF_PASSWORD. One process for all, because loading Django costs a second.
"""

import sys
import time

from django.core.management import call_command

from shop.devstack.terminal import say_step
from shop.start import shop_start


def main(staff_name: str) -> None:
    """Run the three commands; all of them change nothing when nothing is due."""
    shop_start()
    step("tables", "migrate", "--no-input")
    step("staff account", "staff_create", "--username", staff_name, "--superuser")
    step("demo shop", "seed_demo", "--orders")


def step(label: str, *command: str) -> None:
    """Run a management command; its own output goes to the log."""
    begun = time.monotonic()
    call_command(*command, stdout=sys.stderr, stderr=sys.stderr)
    say_step(label, time.monotonic() - begun)


if __name__ == "__main__":
    main(sys.argv[1])
