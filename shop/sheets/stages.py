"""A task from stage to stage."""

from django.utils import timezone

from shop.models import SheetState, SheetTask


def stage_begin(task: SheetTask) -> None:
    """Count from nothing: a stage goes through all parts."""
    task.done_parts = task.done_rows = 0
    task.new_count = task.changed_count = task.unchanged_count = task.bad_count = 0
    task.problem_count = 0
    task.problems, task.preview = [], []


def task_end(task: SheetTask, state: SheetState, *, error: str = "") -> None:
    """End a task; what came of it has been saved."""
    task.state, task.error = state, error
    task.ended_at = timezone.now()
    task.parts.all().delete()
