"""What belongs to the work at hand and stands on each of its log lines."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

# Never undone after a request: Django logs a refusal after the last middleware is left,
# and the next request of the thread sets its own.
_current: ContextVar[dict[str, str]] = ContextVar("log_context", default={})  # noqa: B039 - never changed


def context_set(**facts: str) -> None:
    """Say what the lines of this request or job carry from now on."""
    _current.set(facts)


def context_get() -> dict[str, str]:
    """Return what the lines carry now."""
    return _current.get()


async def job_noted(
    call_next: Callable[[], Awaitable[Any]], context: Any, worker: Any
) -> Any:
    """Put a job's id and task on the lines of the job; procrastinate calls this."""
    context_set(job_id=str(context.job.id), task=context.job.task_name)
    return await call_next()
