"""gunicorn: how the web program listens and works; each value from the environment."""

import gc
import os
import sys
import uuid
from http import HTTPStatus
from typing import Any

from gunicorn import util


def _text(name: str, default: str) -> str:
    return os.environ.get(f"GUNICORN_{name}") or default


def _number(name: str, default: int) -> int:
    return _whole(f"GUNICORN_{name}", _text(name, str(default)))


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        sys.exit(f"configuration error: {name} must be a whole number")
    return int(value)


def _cores() -> int:
    """Count the cores that this process may use, not those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


wsgi_app = "shop.wsgi"

# Loopback: nginx stands before it. A container sets 0.0.0.0:8000.
bind = _text("BIND", "127.0.0.1:8000")

# One more process than cores: while one waits for the database another one computes.
_wanted = os.environ.get("WEB_CONCURRENCY") or str(_cores() + 1)
workers = _number("WORKERS", _whole("WEB_CONCURRENCY", _wanted))

# Threads, because an order may wait up to 3 s for a lock and a login 5 s for WeChat.
# workers x threads connections must stay under PostgreSQL's max_connections.
worker_class = "gthread"
threads = _number("THREADS", 8)

# Loads the application once and shares its memory. wsgi.py leaves no connection open,
# and ends the whole program, not a child again and again, when it can't serve.
preload_app = True

# A worker that is silent for so long hangs: every wait in the shop is shorter.
timeout = _number("TIMEOUT", 30)

# On a stop, requests that run may end. Under systemd's and Docker's own limits.
graceful_timeout = _number("GRACEFUL_TIMEOUT", 20)

# Longer than nginx keeps idle connections to us (60 s), so that nginx closes them
# first: closing from here could hit a request that is already on its way.
keepalive = _number("KEEPALIVE", 75)

# A new process now and then bounds what a slow leak can take; the jitter keeps the
# workers from restarting together.
max_requests = _number("MAX_REQUESTS", 20000)
max_requests_jitter = _number("MAX_REQUESTS_JITTER", 2000)

# The heartbeat file must not wait for a disk, or a busy disk kills healthy workers.
MEMORY_DISK = "/dev/shm"  # noqa: S108 - gunicorn makes and unlinks the file safely
worker_tmp_dir = _text("WORKER_TMP_DIR", "") or (
    MEMORY_DISK if os.path.isdir(MEMORY_DISK) else None
)

# The socket for gunicornc has one path per user: two shops would fight for it.
control_socket_disable = True

# "-" is the standard output, where systemd and Docker collect it.
accesslog = _text("ACCESS_LOG", "-")
errorlog = _text("ERROR_LOG", "-")
loglevel = _text("LOG_LEVEL", "info")

# Room for a long token and a keyword; more is an attack.
limit_request_line = _number("LIMIT_REQUEST_LINE", 4094)
limit_request_fields = _number("LIMIT_REQUEST_FIELDS", 64)


def when_ready(server: Any) -> None:
    """Load the routes before the workers fork, and not once in each first request."""
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    # What lives now lives for ever: keep the collector from copying its pages.
    gc.freeze()


def refusal_write(line: Any, status: int, reason: str, message: str) -> None:
    """Answer what gunicorn itself refuses, such as a header too long, as the shop does.

    The message would repeat what was sent.
    """
    from shop.api.exceptions import refusal

    answer = refusal("", status)
    answer["Connection"] = "close"
    answer["Content-Length"] = str(len(answer.content))
    answer["X-Request-ID"] = uuid.uuid4().hex
    phrase = HTTPStatus(answer.status_code).phrase
    head = f"HTTP/1.1 {answer.status_code} {phrase}\r\n"
    util.write_nonblock(line, head.encode() + answer.serialize())


# gunicorn has no hook for it.
util.write_error = refusal_write
