"""Settle WeChat's stored notifications again."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from orders.models import PaymentNotice
from orders.models.notice import PaymentNoticeQuerySet
from orders.services.notices import Outcome, notices_replay


class Command(BaseCommand):
    """Print what became of them; exit 1 when any is refused or fails."""

    help = (
        "Settle stored notifications again; without an option, those never settled."
        " What is booked already does not change."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--since",
            metavar="DATETIME",
            help="those received since, such as 2026-11-26T08:00 in the shop's time",
        )
        which.add_argument("--all", action="store_true", help="all that are stored")
        which.add_argument(
            "--number",
            metavar="OUT_TRADE_NO",
            help="those of one payment, or of one refund by its out_refund_no",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        outcomes = notices_replay(
            notices=_chosen(**options), on_progress=self._progress
        )
        counts = ", ".join(f"{one} {outcomes[one]}" for one in Outcome)
        self.stdout.write(counts)
        if bad := outcomes[Outcome.REFUSED] + outcomes[Outcome.FAILED]:
            raise CommandError(f"{bad} not settled; 微信通知 in the admin lists them")

    def _progress(self, done: int) -> None:
        if self.stderr.isatty() and done % 100 == 0:
            self.stderr.write(f"\r{done}", ending="")


def _chosen(
    *, since: str | None, number: str | None, **options: Any
) -> PaymentNoticeQuerySet:
    notices = PaymentNotice.objects.all()
    if since is not None:
        return notices.filter(received_at__gte=_moment(since))
    if number is not None:
        return notices.filter(number=number)
    return notices if options["all"] else notices.unsettled()


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"{text!r} is no moment, such as 2026-11-26T08:00")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
