"""Write the table of settings into docs/configuration.md."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop.configuration import settings_table

BEGIN = "<!-- This table is written by manage.py settings_doc. -->\n\n"
END = "\n\n<!-- The end of the table. -->"


class Command(BaseCommand):
    """Write it, or say that it is not as the settings are."""

    help = "Write the table of settings into docs/configuration.md"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; exit 1 if it differs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        page: Path = settings.BASE_DIR / "docs" / "configuration.md"
        text = page.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        fresh = f"{before}{BEGIN}{settings_table()}{END}{after}"
        if fresh == text:
            return
        if options["check"]:
            raise CommandError(f"{page} is not up to date: run manage.py settings_doc")
        page.write_text(fresh, encoding="utf-8")
