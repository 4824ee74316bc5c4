"""What a check of a day found, written down: once each, and closed when it has gone."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.errors import DifferenceResolved
from orders.locks import bill_check_lock
from orders.models import BillCheck, BillDifference, CheckResult
from orders.services.reconciling.comparing import Finding
from shop.metrics import BILL_CHECKS, BILL_DIFFERENCES

_UNDER_WAY = "对账尚未完成"
_GONE = "重新对账时已消失"
_TEXT_MAX = 200
# What a check tells of a difference, again each time.
_TOLD = ("bill_says", "shop_says", "done", "order_id")


@transaction.atomic(durable=True)
def findings_write(*, day: date, findings: Iterable[Finding]) -> BillCheck:
    """Write down what differs, before anything is mended.

    What was found before and differs no more is closed. What the system closed and
    differs again is opened again; what staff resolved stays resolved. Until
    check_finish() the day counts as not checked.

    Locks: the check.
    """
    now = timezone.now()
    check, _ = BillCheck.objects.update_or_create(
        day=day,
        defaults={
            "result": CheckResult.FAILED,
            "error": _UNDER_WAY,
            "checked_at": now,
        },
    )
    _differences_write(check, findings, now)
    return check


def _differences_write(
    check: BillCheck, findings: Iterable[Finding], now: datetime
) -> None:
    known = {(row.kind, row.number): row for row in check.differences.all()}
    new: list[BillDifference] = []
    again: list[BillDifference] = []
    for finding in findings:
        row = known.pop((finding.kind.value, finding.number), None) or BillDifference(
            bill_check=check, kind=finding.kind, number=finding.number
        )
        if row.resolved_by_id:
            continue
        row.resolved_at = None
        for name in _TOLD:
            setattr(row, name, getattr(finding, name))
        (again if row.pk else new).append(row)
    BillDifference.objects.bulk_create(new, batch_size=1000)
    BillDifference.objects.bulk_update(again, [*_TOLD, "resolved_at"], batch_size=1000)
    gone = [row.pk for row in known.values() if row.resolved_at is None]
    BillDifference.objects.filter(pk__in=gone).update(resolved_at=now, done=_GONE)
    transaction.on_commit(partial(_count, new))


def _count(new: Iterable[BillDifference]) -> None:
    for row in new:
        BILL_DIFFERENCES.labels(row.kind).inc()


def difference_told(
    *, check: BillCheck, finding: Finding, done: str, is_mended: bool
) -> None:
    """Write what was done about a difference, and close it if it is mended."""
    rows = check.differences.filter(kind=finding.kind, number=finding.number)
    fields: dict[str, Any] = {"done": done[:_TEXT_MAX]}
    if is_mended:
        fields["resolved_at"] = timezone.now()
    rows.filter(resolved_at=None).update(**fields)


@transaction.atomic(durable=True)
def check_finish(*, day: date, sums: Mapping[str, Any]) -> BillCheck:
    """Write how a day's check ended.

    Locks: the check.
    """
    check = bill_check_lock(day)
    is_open = check.differences.open().exists()
    check.result = CheckResult.DIFFERENCES if is_open else CheckResult.MATCHED
    check.error, check.checked_at = "", timezone.now()
    for name, value in sums.items():
        setattr(check, name, value)
    check.save()
    transaction.on_commit(BILL_CHECKS.labels(check.result).inc)
    return check


def check_fail(*, day: date, reason: str) -> None:
    """Write that a day is still to be checked, and why."""
    BillCheck.objects.update_or_create(
        day=day,
        defaults={
            "result": CheckResult.FAILED,
            "error": reason[:_TEXT_MAX],
            "checked_at": timezone.now(),
        },
    )
    BILL_CHECKS.labels(CheckResult.FAILED).inc()


@transaction.atomic(durable=True)
def difference_resolve(*, difference_id: int, operator_id: int, note: str) -> None:
    """Say that staff have dealt with a difference; it stays so when checked again.

    Locks: the check, so that two who resolve the last two leave none open unseen.
    Raises: BillDifference.DoesNotExist, DifferenceResolved.
    """
    difference = BillDifference.objects.select_related("bill_check").get(
        pk=difference_id
    )
    check = bill_check_lock(difference.bill_check.day)
    changed = check.differences.open().filter(pk=difference_id)
    if not changed.update(
        resolved_at=timezone.now(), resolved_by=operator_id, note=note
    ):
        raise DifferenceResolved
    if check.result == CheckResult.DIFFERENCES and not check.differences.open():
        check.result = CheckResult.MATCHED
        check.save(update_fields=["result"])
