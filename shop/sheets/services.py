"""What staff do with sheets: upload, confirm, cancel, ask for an export."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from shop.errors import Invalid, ShopError
from shop.models import (
    SheetDirection,
    SheetFile,
    SheetFormat,
    SheetPart,
    SheetRole,
    SheetState,
    SheetTask,
)
from shop.models.sheet import CANCELLABLE, RUNNING
from shop.queue import job_enqueue
from shop.retention import oldest, rows_delete
from shop.sheets.locks import task_lock
from shop.sheets.reading import ROWS_MAX, sheet_format
from shop.sheets.stages import stage_begin

# Rows of the list, of which a sheet may have several for each.
EXPORT_MAX = ROWS_MAX
_NAME_MAX = 100


class SheetStateChanged(ShopError):
    """The task is not in the state that the page showed."""

    code = "sheet_state_changed"
    http_status = 409
    message = "任务状态已变化,请刷新后重试"


@transaction.atomic
def sheet_upload(*, kind: str, name: str, content: bytes, made_by_id: int) -> SheetTask:
    """Keep an uploaded sheet, and let the worker check it.

    Raises: SheetRefused.
    """
    task = SheetTask.objects.create(
        kind=kind,
        direction=SheetDirection.IMPORT,
        format=sheet_format(content),
        made_by_id=made_by_id,
    )
    SheetFile.objects.create(
        task=task, role=SheetRole.SOURCE, name=name[-_NAME_MAX:], content=content
    )
    job_enqueue("shop.jobs.sheet_run", task_id=task.pk)
    return task


@transaction.atomic
def sheet_export(
    *, kind: str, sheet_format: SheetFormat, ids: Sequence[int], made_by_id: int
) -> SheetTask:
    """Let the worker write a sheet of rows, in their order.

    Raises: Invalid, for none or too many.
    """
    if not ids:
        raise Invalid("没有可以导出的内容")
    if len(ids) > EXPORT_MAX:
        raise Invalid(f"一次最多导出{EXPORT_MAX}条,请缩小筛选范围")
    task = SheetTask.objects.create(
        kind=kind,
        direction=SheetDirection.EXPORT,
        format=sheet_format,
        total_rows=len(ids),
        parameters={"ids": list(ids)},
        made_by_id=made_by_id,
    )
    job_enqueue("shop.jobs.sheet_run", task_id=task.pk)
    return task


@transaction.atomic
def sheet_confirm(*, task_id: int, confirmed_by_id: int) -> None:
    """Let the worker write what it has checked, as the deed of who confirms it.

    A second time is refused.

    Locks: the task.
    Raises: SheetStateChanged.
    """
    task = _in_state(task_id, (SheetState.CHECKED,))
    task.state = SheetState.APPLYING
    task.confirmed_at = timezone.now()
    task.confirmed_by_id = confirmed_by_id
    stage_begin(task)
    task.save()
    job_enqueue("shop.jobs.sheet_run", task_id=task.pk)


@transaction.atomic
def sheet_cancel(*, task_id: int) -> None:
    """End a task that has written nothing.

    Locks: the task.
    Raises: SheetStateChanged.
    """
    task = _in_state(task_id, CANCELLABLE)
    task.state = SheetState.CANCELLED
    task.ended_at = timezone.now()
    task.save()
    SheetPart.objects.filter(task=task).delete()


def sheet_fail(*, task_id: int, error: str) -> None:
    """End a task that can't go on; the parts that it has written stay written."""
    running = SheetTask.objects.filter(pk=task_id, state__in=RUNNING)
    running.update(state=SheetState.FAILED, error=error, ended_at=timezone.now())


def sheets_delete_old() -> int:
    """Delete files and rows of sheets after SHEET_KEEP_DAYS; return how many tasks.

    The task itself stays until HISTORY_KEEP_DAYS, as a record of who did what; what
    waited for a confirmation has expired.

    Locks: the tasks, in one statement each.
    """
    until = timezone.now() - timedelta(days=settings.SHEET_KEEP_DAYS)
    old = SheetTask.objects.filter(created_at__lt=until)
    ended = timezone.now()
    old.filter(state__in=CANCELLABLE).update(state=SheetState.EXPIRED, ended_at=ended)
    old.filter(state=SheetState.APPLYING).update(
        state=SheetState.FAILED, ended_at=ended, error="超过保留期限"
    )
    rows_delete(SheetPart.objects.filter(task__in=old).order_by("pk"))
    rows_delete(SheetFile.objects.filter(task__in=old).order_by("pk"))
    recorded = ended - timedelta(days=settings.HISTORY_KEEP_DAYS)
    rows_delete(oldest(old, moment="created_at", until=recorded))
    kept = old.exclude(parameters={}, problems=[], preview=[])
    return kept.update(parameters={}, problems=[], preview=[])


def _in_state(task_id: int, states: Sequence[SheetState]) -> SheetTask:
    task = task_lock(task_id)
    if task is None or task.state not in states:
        raise SheetStateChanged
    return task
