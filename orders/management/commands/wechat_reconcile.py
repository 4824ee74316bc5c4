"""Check a day's bill of WeChat against our books, now."""

from argparse import ArgumentTypeError
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders.models import BillCheck, BillDifference
from orders.services.reconciling import bill_check
from shop.errors import ShopError


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("a day as 2026-11-25") from None
    if day > timezone.localdate():
        raise ArgumentTypeError("no day that is still to come")
    return day


class Command(BaseCommand):
    """Print both sides of a day and what differs.

    Exit 0: they agree, or were made to; 1: differences are open; 2: there is no bill
    yet, or WeChat is away.
    """

    help = (
        "Compare WeChat's bill of a day with our payments and refunds, and mend what is"
        " safe. Exits with 0 when they agree, 1 when differences are left, 2 when it"
        " could not be done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--date",
            type=_day,
            default=None,
            metavar="YYYY-MM-DD",
            help="the day of the bill, in China's time (default: yesterday)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        day = options["date"] or timezone.localdate() - timedelta(days=1)
        began_at = timezone.now()
        try:
            check = bill_check(day=day)
        except ShopError as error:
            raise CommandError(
                f"bill of {day}: {error.message}", returncode=2
            ) from error
        self._sides(check)
        closed = check.differences.filter(resolved_by=None, resolved_at__gte=began_at)
        self._rows("closed", closed)
        self._rows("open", left := list(check.differences.open()))
        if left:
            raise CommandError(f"bill of {day}: {len(left)} differences")
        self.stdout.write(f"bill of {day}: no differences")

    def _sides(self, check: BillCheck) -> None:
        """Print counts and amounts, WeChat's beside ours."""
        line = "{:10}{:>8}{:>15}{:>8}{:>15}".format
        for words in (
            ("", "WeChat", "", "shop", ""),
            (
                *("payments", check.bill_payments, check.bill_paid),
                *(check.shop_payments, check.shop_paid),
            ),
            (
                *("refunds", check.bill_refunds, check.bill_refunded),
                *(check.shop_refunds, check.shop_refunded),
            ),
        ):
            self.stdout.write(line(*words).rstrip())
        if check.other_rows:
            self.stdout.write(f"rows of other apps: {check.other_rows}")

    def _rows(self, word: str, differences: Iterable[BillDifference]) -> None:
        for one in differences:
            self.stdout.write(
                f"{word}: {one.kind}: {one.number}: WeChat: {one.bill_says or '-'};"
                f" shop: {one.shop_says or '-'}; {one.done or '-'}"
            )
