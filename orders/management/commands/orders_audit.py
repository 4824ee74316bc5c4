"""Check every invariant of stock and money."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.services.audit import orders_audit


class Command(BaseCommand):
    """Print what breaks an invariant; exit 1 when anything does."""

    help = "Check that stock, ledger, orders, payments and events agree."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = orders_audit()
        for finding in findings:
            self.stdout.write(f"{finding.check}: {finding.subject}: {finding.problem}")
        if findings:
            raise CommandError(f"{len(findings)} findings")
        self.stdout.write("audit: 0 findings")
