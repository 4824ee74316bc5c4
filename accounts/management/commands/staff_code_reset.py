"""Turn a second factor off for staff whom no colleague can help."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import second_factor_drop


class Command(BaseCommand):
    help = (
        "Turn the second factor of a staff account off, and end its sessions: for an "
        "owner who has lost the phone and the recovery codes. Others ask an owner."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True, help="the name to log in with")

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"].strip()
        if not second_factor_drop(username=username):
            raise CommandError(f"staff account {username}: no second factor is on")
        self.stdout.write(f"staff account {username}: second factor turned off")
