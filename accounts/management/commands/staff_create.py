"""Make a staff account."""

import getpass
import os
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import staff_set


class Command(BaseCommand):
    help = (
        "Make a staff account, or set the password of the one there is. The password "
        "comes from STAFF_PASSWORD, else it is asked for."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True, help="the name to log in with")
        parser.add_argument(
            "--superuser", action="store_true", help="the account may do everything"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"].strip()
        try:
            is_new = staff_set(
                username=username,
                password=_password(),
                is_superuser=options["superuser"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        done = "made" if is_new else "kept, password set"
        self.stdout.write(f"staff account {username}: {done}")


def _password() -> str:
    if password := os.environ.get("STAFF_PASSWORD"):
        return password
    if not sys.stdin.isatty():
        raise CommandError("STAFF_PASSWORD is not set")
    return getpass.getpass("password: ")
