"""What the worker does with a task: a step at a time, each one transaction.

A step writes its rows and how far the task is together, so a worker that is killed at
any line leaves whole steps behind, and the next one goes on after them.
"""

import logging
import time

from django.db import InterfaceError, OperationalError, transaction

from shop.disk import is_full
from shop.models import SheetDirection, SheetState
from shop.sheets.exporting import export_step
from shop.sheets.importing import import_read, import_step
from shop.sheets.kinds import Verdict, sheet_kinds
from shop.sheets.locks import task_lock
from shop.sheets.services import sheet_fail
from shop.sheets.stages import task_end

logger = logging.getLogger(__name__)

# The worker does one job at a time: a refund waits for no longer than that.
_SLICE_SECONDS = 2
# Classes of what the database refuses now and may do later: connections, conflicts,
# memory and disk, locks, and whatever an operator or a timeout has stopped.
# Source: PostgreSQL, Appendix A.
_PASSING = {"08", "40", "53", "55", "57"}
_FULL = "存储空间不足,没有完成,请联系技术人员"
# All that changes: the ids of an export are long.
_WRITTEN = (
    *("state", "total_rows", "done_rows", "done_parts", "problem_count", "problems"),
    *(f"{verdict}_count" for verdict in Verdict),
    *("preview", "shows_people", "error", "ended_at"),
)


def sheet_run(*, task_id: int) -> bool:
    """Work on a task for a while; say whether there is more to do.

    Raises: OperationalError, InterfaceError: what may be tried again.
    """
    until = time.monotonic() + _SLICE_SECONDS
    try:
        while _step(task_id):
            if time.monotonic() >= until:
                return True
    except Exception as error:
        if is_full(error):
            logger.error("no space left for sheet %d", task_id)
            sheet_fail(task_id=task_id, error=_FULL)
            return False
        if _may_pass(error):
            raise
        logger.exception("sheet %d has failed", task_id)
        sheet_fail(task_id=task_id, error="程序出错,已记入日志,请联系技术人员")
    return False


def _may_pass(error: Exception) -> bool:
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state[:2] in _PASSING


@transaction.atomic(durable=True)
def _step(task_id: int) -> bool:
    """Do the next step of a task; say whether one may follow.

    It is the deed of who confirmed or asked, who must still have the right to it.
    Locks: the task; then what its rows lock.
    """
    task = task_lock(task_id)
    if task is None or not task.is_running:
        return False
    kind = sheet_kinds()[task.kind](task.acting)
    if not kind.is_open_to(task.acting, task.direction):
        task_end(task, SheetState.FAILED, error="操作人已停用,或不再有这项权限")
    elif task.direction == SheetDirection.EXPORT:
        export_step(task, kind)
    elif task.state == SheetState.WAITING:
        import_read(task, kind)
    else:
        import_step(task, kind)
    task.save(update_fields=_WRITTEN)
    return task.is_running
