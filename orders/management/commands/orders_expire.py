"""Run the expiry sweep now, as the worker does by the clock."""

from typing import Any

from django.core.management.base import BaseCommand

from orders.services.closing import orders_expire


class Command(BaseCommand):
    """End the unpaid orders whose time has passed; print the counts."""

    help = "Cancel unpaid orders whose time has passed and retry those closing."

    def handle(self, *args: Any, **options: Any) -> None:
        sweep = orders_expire()
        self.stdout.write(
            f"cancelled {sweep.cancelled}, paid {sweep.paid}, waiting {sweep.waiting}"
        )
