"""Notifications are settled again at will."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from orders.models import Payment, PaymentNotice
from orders.tests.notices.telling import (
    SETTLED,
    WAITING,
    is_paid_once,
    replay,
    state,
    stored,
)

pytestmark = pytest.mark.usefixtures("audited")


def test_replay_settles_what_is_not_settled_and_harms_nothing(
    payment: Payment,
) -> None:
    notice = stored(payment)
    assert replay() == "settled 1, settled before 0, refused 0, failed 0\n"
    assert state(notice) == SETTLED
    settled_at = notice.settled_at
    assert replay() == "settled 0, settled before 0, refused 0, failed 0\n"
    for _ in range(2):
        assert replay("--all") == "settled 0, settled before 1, refused 0, failed 0\n"
    assert is_paid_once()
    notice.refresh_from_db()
    assert notice.settled_at == settled_at


def test_replay_tells_of_refusals_by_its_exit_code(payment: Payment) -> None:
    stored(payment, "EV-0", mchid="1")
    stored(payment)
    out = StringIO()
    with pytest.raises(CommandError, match="^1 not settled"):
        call_command("payments_replay", stdout=out)
    assert out.getvalue() == "settled 1, settled before 0, refused 1, failed 0\n"
    # It can be right later, when what was wrong with us is mended.
    with pytest.raises(CommandError, match="^1 not settled"):
        replay()
    assert is_paid_once()


def test_replay_of_one_number_or_since_a_moment(payment: Payment) -> None:
    old, new = stored(payment, "EV-0"), stored(payment)
    hour = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    PaymentNotice.objects.filter(pk=old.pk).update(
        received_at=hour - timedelta(hours=1)
    )
    PaymentNotice.objects.filter(pk=new.pk).update(received_at=hour)
    since = f"{hour:%Y-%m-%dT%H:%M}"
    assert replay("--since", since) == (
        "settled 1, settled before 0, refused 0, failed 0\n"
    )
    assert (state(old), state(new)) == (WAITING, SETTLED)
    later = (hour + timedelta(seconds=1)).isoformat()
    for options in (("--since", later), ("--number", "P1")):
        assert replay(*options) == "settled 0, settled before 0, refused 0, failed 0\n"
    assert replay("--number", payment.out_trade_no) == (
        "settled 1, settled before 1, refused 0, failed 0\n"
    )
    assert is_paid_once()


@pytest.mark.parametrize(
    "options",
    [
        ("--since", "yesterday"),
        ("--since", "2026-02-30T08:00"),
        ("--all", "--number", "x"),
    ],
)
def test_replay_refuses_options_that_make_no_sense(
    payment: Payment, options: tuple[str, ...]
) -> None:
    notice = stored(payment)
    with pytest.raises(CommandError):
        replay(*options)
    assert state(notice) == WAITING
