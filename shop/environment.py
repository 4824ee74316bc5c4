"""Read settings from the environment: a value of the right form, or a refusal.

No refusal repeats a value, for it may be a secret.
"""

import logging
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo

from shop.wechat.templates import Template, template_read

# django-ratelimit's form: requests, a slash, a period of more than zero.
_RATE = re.compile(r"[1-9][0-9]{0,8}/([1-9][0-9]{0,6})?[smhd]")

_MONEY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?", re.ASCII)


# What was asked for, and what it is without a value; None: the start is refused.
_read: dict[str, str | None] = {}


def settings_read() -> dict[str, str | None]:
    """Return the default of each setting that was read, in that order."""
    return dict(_read)


def text(name: str, default: str | None = None) -> str:
    """Return NAME, or the content of the file that NAME_FILE names.

    An empty value is as good as none. Raises: ImproperlyConfigured, as all here do.
    """
    _read[name] = default
    if path := os.environ.get(f"{name}_FILE"):
        value = _content(f"{name}_FILE", path)
    else:
        value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set")
    return default


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None
    except ValueError:
        raise ImproperlyConfigured(f"{name} must name a text file") from None


def number(
    name: str, default: int | None, *, least: int = 0, most: int = 999_999_999
) -> int:
    """Return a whole number; without a default it must be set."""
    value = text(name, None if default is None else str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ImproperlyConfigured(f"{name} must be a whole number")
    if int(value) < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}")
    if int(value) > most:
        raise ImproperlyConfigured(f"{name} must be at most {most}")
    return int(value)


def money(name: str) -> Decimal | None:
    """Return an amount in yuan; None without one."""
    value = text(name, "")
    if value and not _MONEY.fullmatch(value):
        raise ImproperlyConfigured(f"{name} must be yuan such as 500 or 500.00")
    return Decimal(value) if value else None


def flag(name: str, *, default: bool = False) -> bool:
    """Return a switch."""
    value = text(name, "1" if default else "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0")
    return value in {"1", "true", "yes"}


def words(name: str, default: str) -> list[str]:
    """Return what stands between commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def template(name: str, default: str, *, event: str) -> Template | None:
    """Return the message template of an event; None without one."""
    value = text(name, default).strip()
    try:
        return template_read(event, value) if value else None
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} {error}") from None


def rate(name: str, default: str) -> str:
    """Return a rate limit, `100/900s`."""
    value = text(name, default)
    if not _RATE.fullmatch(value):
        raise ImproperlyConfigured(f"{name} must be like 100/900s")
    return value


def level(name: str, default: str) -> str:
    """Return the name of a log level."""
    value = text(name, default).upper()
    if value not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"{name} must be DEBUG, INFO, WARNING or ERROR")
    return value


def folder(name: str, default: str) -> Path | None:
    """Return a folder that this process may write to; None when it is empty."""
    value = text(name, default)
    if value and not os.access(value, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name} must be a folder that can be written")
    return Path(value) if value else None


def origin(name: str) -> str:
    """Return a web address of a host alone, without a slash at its end."""
    value = text(name).rstrip("/")
    parts = _split(value)
    is_host = bool(parts and parts.hostname and parts.netloc == value.split("//")[-1])
    if not (parts and parts.scheme in {"http", "https"} and is_host):
        raise ImproperlyConfigured(f"{name} must be https://host")
    return value


def link(name: str, default: str) -> str:
    """Return a web address, path and all, without a slash at its end."""
    value = text(name, default).rstrip("/")
    parts = _split(value)
    is_address = bool(parts and parts.hostname and parts.scheme in {"http", "https"})
    if value and (not is_address or "?" in value or "#" in value):
        raise ImproperlyConfigured(f"{name} must be https://host/path")
    return value


def valkey(name: str) -> str:
    """Return the URL of a Valkey server."""
    value = text(name)
    parts = _split(value)
    if parts is None or parts.scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(f"{name} must be redis://…")
    return value


def database(name: str, default: str | None = None) -> dict[str, Any]:
    """Turn postgresql://user:password@host:port/name?option=… into Django's form.

    An empty default makes it optional: nothing is returned.
    """
    url = text(name, default)
    if not url:
        return {}
    parts = _split(url)
    if parts is None or parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"{name} must be postgresql://…/name")
    if not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} names no database")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    try:
        make_conninfo(**options)
    except ProgrammingError:
        raise ImproperlyConfigured(f"{name} has an unknown option") from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL; None when it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
