"""Make access tokens for load tests."""

import os
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.minting import shoppers_mint

COUNT_MAX = 1_000_000


class Command(BaseCommand):
    """Print the tokens, or write them into a file that only its owner may read."""

    help = "Make shoppers and an access token for each, one a line (development only)"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int, help="how many shoppers")
        parser.add_argument("--output", metavar="FILE", help="write them to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEVELOPMENT:
            raise CommandError("tokens_mint needs SHOP_ENV=development")
        if not 0 < options["count"] <= COUNT_MAX:
            raise CommandError(f"the count must be from 1 to {COUNT_MAX}")
        tokens = shoppers_mint(count=options["count"])
        if path := options["output"]:
            try:
                _private_write(path, tokens)
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror}") from None
        else:
            for token in tokens:
                self.stdout.write(token)


def _private_write(path: str, lines: Iterable[str]) -> None:
    """Write a file of mode 600, whatever mode it had before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        file.writelines(f"{line}\n" for line in lines)
