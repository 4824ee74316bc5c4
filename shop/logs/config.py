"""The logging configuration: access and everything else apart."""

from pathlib import Path
from typing import Any

ACCESS = "shop.access"
_READABLE = "shop.logs.formatters.ReadableFormatter"
_JSON = "shop.logs.formatters.JsonFormatter"


def logging_config(
    *, is_readable: bool, level: str, folder: Path | None
) -> dict[str, Any]:
    """Return Django's LOGGING.

    Without a folder the access lines go to the standard output and all others to the
    error output, where systemd and Docker collect them; with one, into two files.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "one_line": {"()": "shop.logs.handlers.OneLineFilter"},
            "refusal": {"()": "shop.logs.handlers.RefusalFilter"},
        },
        "formatters": {"line": {"()": _READABLE if is_readable else _JSON}},
        "handlers": {
            "access": _handler(folder, "access.log", "ext://sys.stdout"),
            "app": _handler(folder, "app.log", "ext://sys.stderr"),
        },
        "root": {"handlers": ["app"], "level": level},
        "loggers": {
            ACCESS: {"handlers": ["access"], "propagate": False, "level": "INFO"},
            "django": {"handlers": [], "propagate": True},
            "django.request": {"filters": ["refusal"]},
            "django.security.DisallowedHost": {"filters": ["one_line"]},
            # Their DEBUG lines hold URLs with the app secret, and raw statements.
            "urllib3": {"level": "WARNING"},
            "requests": {"level": "WARNING"},
            "boto3": {"level": "WARNING"},
            "botocore": {"level": "WARNING"},
            "s3transfer": {"level": "WARNING"},
            "django.db.backends": {"level": "WARNING"},
            # Each start of each periodic job; failures are ERROR.
            "procrastinate": {"level": "WARNING"},
            # Each login; failures are WARNING.
            "axes": {"level": "WARNING"},
        },
    }


def _handler(folder: Path | None, name: str, stream: str) -> dict[str, Any]:
    if folder is None:
        return {
            "class": "logging.StreamHandler",
            "stream": stream,
            "formatter": "line",
        }
    return {
        "class": "shop.logs.handlers.RotatableFileHandler",
        "filename": str(folder / name),
        "formatter": "line",
    }
