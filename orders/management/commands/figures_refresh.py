"""Add up the figures of finished days again, now."""

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from orders.services.figures import DAYS_SHOWN, figures_refresh

_DAYS_MAX = 3650


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _DAYS_MAX):
        raise ArgumentTypeError(f"a number of days from 1 to {_DAYS_MAX}")
    return int(text)


class Command(BaseCommand):
    """Add up the last days, newest first; a day that is done stays done."""

    help = (
        "Add up the home page's figures of the last finished days anew, as after"
        " money that was booked more than a week late."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=_days,
            default=DAYS_SHOWN,
            metavar="N",
            help="how many days, the last one being yesterday (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        days = [today - timedelta(days=n) for n in range(1, options["days"] + 1)]
        figures_refresh(days=days, on_progress=self._progress)
        self.stdout.write(f"figures of {len(days)} days added up")

    def _progress(self, number: int, total: int) -> None:
        """Count on a terminal; a pipe gets the result alone."""
        if self.stdout.isatty():
            end = "\n" if number == total else ""
            self.stdout.write(f"\rdays: {number}/{total}", ending=end)
