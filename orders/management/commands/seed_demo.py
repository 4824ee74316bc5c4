"""seed_demo: the demo shop."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.demo import demo_load
from orders.demo_volume import PRODUCTS_MAX, products_make


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= PRODUCTS_MAX):
        raise argparse.ArgumentTypeError(f"a whole number up to {PRODUCTS_MAX}")
    return int(text)


class Command(BaseCommand):
    """Load the demo shop once; for load tests, many products more."""

    help = "Load the demo shop (categories, products, pictures) into an empty catalogue"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--products",
            type=_count,
            default=0,
            metavar="N",
            help="for load tests: have N products more, with SKUs, stock, ledger and"
            " pictures; run again, it adds what is missing (development only)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it, or say that there are products already."""
        total = options["products"]
        if total and not settings.IS_DEVELOPMENT:
            raise CommandError("--products needs SHOP_ENV=development")
        if demo_load(on_progress=self._progress):
            self.stdout.write("demo shop loaded")
        else:
            self.stdout.write("the shop has products already; nothing to load")
        if total:
            added = products_make(total=total, on_progress=self._progress)
            self.stdout.write(f"products for load tests: {added} added")

    def _progress(self, number: int, total: int) -> None:
        """Count on a terminal; a pipe gets the result alone."""
        if self.stdout.isatty():
            end = "\n" if number == total else ""
            self.stdout.write(f"\rproducts: {number}/{total}", ending=end)
