"""The lock of a sheet's task, which comes before all that the sheet writes."""

from shop.models import SheetTask


def task_lock(task_id: int) -> SheetTask | None:
    """Lock a task until the transaction ends; None when there is none."""
    rows = SheetTask.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(pk=task_id).first()
