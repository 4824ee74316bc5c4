"""seed_demo: the demo shop."""

from typing import Any

from django.core.management.base import BaseCommand

from orders.demo import demo_load


class Command(BaseCommand):
    """Load the demo shop once."""

    help = "Load the demo shop (categories, products, pictures) into an empty catalogue"

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it, or say that there are products already."""
        if not demo_load(on_progress=self._progress):
            self.stdout.write("the shop has products already; nothing to load")
            return
        self.stdout.write("demo shop loaded")

    def _progress(self, number: int, total: int) -> None:
        """Count on a terminal; a pipe gets the result alone."""
        if self.stdout.isatty():
            end = "\n" if number == total else ""
            self.stdout.write(f"\rproducts: {number}/{total}", ending=end)
