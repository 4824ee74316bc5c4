"""Say whether a restored database is whole."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.services.restoring import restore_check


class Command(BaseCommand):
    """Print what was found of each thing; exit 1 when one is not as it must be."""

    help = (
        "Check a database that was restored from a backup: migrations, encryption key,"
        " pictures and books."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--migrate",
            action="store_true",
            help="first apply the migrations that the backup's version had not",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["migrate"]:
            call_command("migrate", "--no-input", stdout=self.stdout)
        checks = [*restore_check()]
        for one in checks:
            self.stdout.write(f"{one.subject}: {one.found}")
        if not all(one.is_right for one in checks):
            raise CommandError("the restored shop is not as it must be")
