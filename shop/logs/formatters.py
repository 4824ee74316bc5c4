"""How a record becomes a line: readable, or JSON."""

import logging
from datetime import datetime
from typing import Any

import orjson
from django.utils.timezone import get_default_timezone

from shop.logs.context import context_get
from shop.logs.redaction import redact

# Fields whose text is not all our own.
_FREE = {"message", "exception", "path", "request_id"}


class ReadableFormatter(logging.Formatter):
    """For people: date, level, logger, request or job, message, trace."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(context)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.context = " ".join(_context(record).values()) or "-"
        line = super().format(record)
        # Not the date: its colons would have every line looked at closely.
        rest = len(record.asctime)
        return line[:rest] + redact(line[rest:])


class JsonFormatter(logging.Formatter):
    """For machines: one object on one line; only fields that are named here.

    What libraries hang on a record (`extra`) is left out, for it may be a request.
    """

    def format(self, record: logging.LogRecord) -> str:
        facts: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            **_context(record),
            **(getattr(record, "access", None) or {"message": record.getMessage()}),
        }
        if record.exc_info:
            facts["exception"] = self.formatException(record.exc_info)
        for name in _FREE.intersection(facts):
            facts[name] = redact(facts[name])
        return orjson.dumps(facts).decode()


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, get_default_timezone())
    return moment.isoformat(timespec="milliseconds")


def _context(record: logging.LogRecord) -> dict[str, str]:
    """Return the request's or job's facts; procrastinate names the job by itself."""
    job = getattr(record, "job", None)
    if isinstance(job, dict):
        return {"job_id": str(job.get("id")), "task": str(job.get("task_name"))}
    return context_get()
