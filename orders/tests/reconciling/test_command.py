"""manage.py wechat_reconcile, and the worker's daily check."""

from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from orders.jobs import bills_check_job
from orders.models import BillCheck, Order
from orders.services.reconciling import bill_check_later, difference_resolve
from orders.tests.reconciling.conftest import Pays
from orders.tests.test_jobs import run_worker
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("transactional_db", "queue")


def reconcile(*arguments: str) -> tuple[int, list[str], str]:
    """Return the exit code, the lines that were printed and the error."""
    printed = StringIO()
    try:
        call_command("wechat_reconcile", *arguments, stdout=printed)
    except CommandError as error:
        return error.returncode, printed.getvalue().splitlines(), str(error)
    return 0, printed.getvalue().splitlines(), ""


def on(day: date) -> tuple[str, str]:
    return "--date", day.isoformat()


def test_what_agrees_and_what_was_mended_exits_with_0(pays: Pays, day: date) -> None:
    pays()
    missed = pays(is_booked=False)
    code, lines, error = reconcile(*on(day))
    missed.refresh_from_db()
    assert (code, error) == (0, "")
    assert lines == [
        "            WeChat                   shop",
        "payments         2         198.00       2         198.00",
        "refunds          0           0.00       0           0.00",
        f"closed: unbooked_payment: {missed.out_trade_no}: WeChat: ¥99.00"
        f" {missed.transaction_id} {day} 12:00:00; shop: ¥99.00 待支付;"
        " 已按微信查单结果入账",
        f"bill of {day}: no differences",
    ]
    assert reconcile(*on(day)) == (0, [*lines[:3], lines[4]], "")


def test_what_is_left_exits_with_1(
    pays: Pays, day: date, simulator: SimulatorProcess, staff: User
) -> None:
    payment = pays()
    simulator.change_bills(hide=[payment.out_trade_no])
    code, lines, error = reconcile(*on(day))
    assert (code, error) == (1, f"bill of {day}: 1 differences")
    assert lines[3:] == [
        f"open: unlisted_payment: {payment.out_trade_no}: WeChat: -; shop: ¥99.00"
        f" {payment.transaction_id} {day} 12:00:00; 微信查单:SUCCESS"
    ]
    row = BillCheck.objects.get().differences.get()
    difference_resolve(difference_id=row.pk, operator_id=staff.pk, note="微信补账")
    assert reconcile(*on(day))[0] == 0


def test_what_could_not_be_done_exits_with_2(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    simulator.fault("bill", "500")
    away = f"bill of {day}: 微信服务暂时不可用,请稍后再试"
    assert reconcile(*on(day)) == (2, [], away)
    today = timezone.localdate()
    unmade = f"bill of {today}: 微信账单尚未生成,请稍后再试"
    assert reconcile(*on(today)) == (2, [], unmade)


@pytest.mark.parametrize("text", ["2026-13-01", "yesterday", "", "2099-01-01"])
def test_what_is_no_day_that_is_over_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="a day as|still to come"):
        call_command("wechat_reconcile", "--date", text)
    assert not BillCheck.objects.exists()


def test_yesterday_is_the_day_unless_another_is_named(
    simulator: SimulatorProcess,
) -> None:
    simulator.change_bills(today=True)
    before = timezone.localdate() - timedelta(days=1)
    code, _, _ = reconcile()
    after = timezone.localdate() - timedelta(days=1)
    assert code == 0
    assert before <= BillCheck.objects.get().day <= after


def queued() -> list[dict[str, Any]]:
    rows = ProcrastinateJob.objects.filter(task_name="orders.jobs.bill_check")
    return list(rows.order_by("pk").values("status", day=F("args__day")))


def test_the_worker_checks_the_days_that_it_has_missed(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    simulator.change_bills(today=True)
    pays()
    pays(is_booked=False)
    bills_check_job.defer(timestamp=0)
    run_worker(WECHAT_PAY_BASE=simulator.base_url)
    checks = BillCheck.objects.order_by("day").values_list("day", "result")
    assert list(checks)[:2] == [
        (day, "matched"),
        (day + timedelta(days=1), "matched"),
    ]
    assert set(Order.objects.values_list("status", flat=True)) == {"paid"}
    assert queued() == []


def test_a_day_that_failed_is_tried_again_and_queued_once(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    pays()
    simulator.fault("bill", "500", times=100)
    for _ in range(2):
        bills_check_job.defer(timestamp=0)
        run_worker(WECHAT_PAY_BASE=simulator.base_url)
    days = [one["day"] for one in queued()]
    assert days[:2] == [str(day), str(day + timedelta(days=1))]
    assert len(set(days)) == len(days)
    assert {one["status"] for one in queued()} == {"todo"}
    assert BillCheck.objects.get(day=day).result == "failed"


def test_a_check_that_staff_asked_for_is_done_by_the_worker(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    pays()
    bill_check_later(day=day)
    run_worker(WECHAT_PAY_BASE=simulator.base_url)
    assert BillCheck.objects.get(day=day).result == "matched"
