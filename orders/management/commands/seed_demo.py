"""seed_demo: the demo shop."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from requests import RequestException

from orders.demo import (
    PRODUCTS_MAX,
    demo_load,
    demo_orders_load,
    demo_reviews_load,
    demo_sales_load,
    demo_shelves_load,
    products_make,
)
from orders.services.figures import figures_due, figures_refresh


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
        parser.add_argument(
            "--orders",
            action="store_true",
            help="add a month of paid orders to a shop that has none, tell WeChat's"
            " simulator of their payments, fill the shoppers' carts and have sales run"
            " (development only)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it, or say that there are products already."""
        total = options["products"]
        for name in ("products", "orders"):
            if options[name] and not settings.IS_DEVELOPMENT:
                raise CommandError(f"--{name} needs SHOP_ENV=development")
        if demo_load(on_progress=self._progress):
            self.stdout.write("demo shop loaded")
        else:
            self.stdout.write("the shop has products already; nothing to load")
        if total:
            added = products_make(total=total, on_progress=self._progress)
            self.stdout.write(f"products for load tests: {added} added")

        if options["orders"]:
            self._orders_load()

    def _orders_load(self) -> None:
        try:
            added = demo_orders_load()
        except RequestException as error:
            raise CommandError(f"the simulator is not there: {error}") from error
        self.stdout.write(f"orders of the demo: {added} added")
        self.stdout.write(f"reviews of the demo: {demo_reviews_load()} added")
        begun = demo_sales_load()
        self.stdout.write(f"sales of the demo: {begun} begun")
        demo_shelves_load()
        # At once, so that the home page has a month to show.
        figures_refresh(days=figures_due())

    def _progress(self, number: int, total: int) -> None:
        """Count on a terminal; a pipe gets the result alone."""
        if self.stdout.isatty():
            end = "\n" if number == total else ""
            self.stdout.write(f"\rproducts: {number}/{total}", ending=end)
