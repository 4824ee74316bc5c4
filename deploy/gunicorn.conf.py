"""gunicorn: how the web program listens and works; each value from the environment."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http import wsgi
from gunicorn.workers.gthread import ThreadWorker


def _text(name: str, default: str) -> str:
    return os.environ.get(f"GUNICORN_{name}") or default


def _number(name: str, default: int) -> int:
    return _whole(f"GUNICORN_{name}", _text(name, str(default)))


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        sys.exit(f"configuration error: {name} must be a whole number")
    return int(value)


def _cores(limit_file: str = "/sys/fs/cgroup/cpu.max") -> int:
    """Count the cores that this process may use, not those of the machine.

    A container's limit, as "200000 100000" for two cores, hides none of them.
    """
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    try:
        with open(limit_file) as file:
            quota, period = map(int, file.read().split())
    except (OSError, ValueError):  # Not there, or "max": no limit.
        return cores
    return min(cores, -(-quota // period))


def _threads(processes: int) -> int:
    """Share out 80 connections: PostgreSQL has room for 100 unless told otherwise.

    No process has fewer than eight threads, so from the eleventh on it needs more room.
    """
    return max(8, min(16, 80 // max(processes, 1)))


_HEARTBEAT_SECONDS = 1.0


class EvenWorker(ThreadWorker):
    """Threads that leave a connection to whoever has one free.

    gunicorn's own take all that come: of two processes one had 27 connections to
    serve, and the other one 5.
    """

    _notified_at = 0.0

    @property
    def worker_connections(self) -> int:
        """Return how many connections are enough for now."""
        at_rest = len(self.keepalived_conns) + len(self.pending_conns)
        return int(min(self.cfg.worker_connections, self.cfg.threads + at_rest))

    @worker_connections.setter
    def worker_connections(self, most: int) -> None:
        """Leave it to the settings, where gunicorn has read it."""

    def notify(self) -> None:
        """Touch the heartbeat file once a second, not at each turn of the loop."""
        now = time.monotonic()
        if now - self._notified_at >= _HEARTBEAT_SECONDS:
            self._notified_at = now
            super().notify()


class WholeResponse(wsgi.Response):
    """Send the head with the beginning of the body, in one packet instead of two."""

    headers_sent: bool
    _head = b""

    def send_headers(self) -> None:
        """Write the head, and keep it until something follows."""
        if self.headers_sent:
            return
        lines = [*self.default_headers(), *(f"{k}: {v}\r\n" for k, v in self.headers)]
        self._head = util.to_bytestring("".join(lines) + "\r\n", "latin-1")
        self.headers_sent = True

    def sendfile(self, respiter: Any) -> bool:
        """Send a file; what stands before it goes first."""
        self.send_headers()
        self._flush()
        return bool(super().sendfile(respiter))

    def close(self) -> None:
        """End the answer; one without a body is its head."""
        self.send_headers()
        self._flush()
        super().close()

    def _emit_body(self, data: bytes) -> None:
        if self.chunked:
            self._flush()
            super()._emit_body(data)
        else:
            head, self._head = self._head, b""
            util.write(self.sock, head + data)

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            util.write(self.sock, head)


wsgi_app = "shop.wsgi"

# Loopback: nginx stands before it. A container sets 0.0.0.0:8000.
bind = _text("BIND", "127.0.0.1:8000")

# One more process than cores: while one waits for the database another one computes.
_wanted = os.environ.get("WEB_CONCURRENCY") or str(_cores() + 1)
workers = _number("WORKERS", _whole("WEB_CONCURRENCY", _wanted))

# Threads, because an order may wait up to 3 s for a lock and a login 5 s for WeChat;
# and orders that wait at the same moment are placed together.
worker_class = EvenWorker
threads = _number("THREADS", _threads(workers))

# Loads the application once and shares its memory. wsgi.py leaves no connection open,
# and ends the whole program, not a child again and again, when it can't serve.
preload_app = True

# A worker that is silent for so long hangs: every wait in the shop is shorter.
timeout = _number("TIMEOUT", 30)

# On a stop, requests that run may end. Under the 30 s of systemd and Docker.
graceful_timeout = _number("GRACEFUL_TIMEOUT", 20)

_OBJECTS_BEFORE_COLLECTING = 20_000

# Longer than nginx keeps idle connections to us (60 s), so that nginx closes them
# first: closing from here could hit a request that is already on its way.
keepalive = _number("KEEPALIVE", 75)

# A new process now and then bounds what a slow leak can take; the jitter keeps the
# workers from restarting together.
max_requests = _number("MAX_REQUESTS", 100000)
max_requests_jitter = _number("MAX_REQUESTS_JITTER", 10000)

# The heartbeat file must not wait for a disk, or a busy disk kills healthy workers; and
# a process that writes into a mapped file of a full disk is killed at once.
MEMORY_DISK = "/dev/shm"  # nosec B108 # noqa: S108 - the files are made and removed safely
memory_disk = MEMORY_DISK if os.path.isdir(MEMORY_DISK) else None
worker_tmp_dir = _text("WORKER_TMP_DIR", "") or memory_disk

# The socket for gunicornc has one path per user: two shops would fight for it.
control_socket_disable = True


class ShopLogger(Logger):
    """Leave gunicorn's lines to the shop's own log, which knows the user of each."""

    def setup(self, cfg: Any) -> None:
        """Hand everything up; gunicorn calls this again on each reload."""
        super().setup(cfg)
        self.error_log.propagate = True


logger_class = ShopLogger
accesslog = None
errorlog = None

# Room for a long token and a keyword; more is an attack.
limit_request_line = _number("LIMIT_REQUEST_LINE", 4094)
limit_request_fields = _number("LIMIT_REQUEST_FIELDS", 64)


def _folder_remove(folder: str, maker: int) -> None:
    # The processes that are forked inherit the wish, but not the right.
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)


# The figures of all processes, and of a worker on the same machine, lie in one folder.
figures = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if not figures:
    figures = tempfile.mkdtemp(prefix="shop-metrics-", dir=memory_disk)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = figures
    atexit.register(_folder_remove, figures, os.getpid())


def on_starting(server: Any) -> None:
    """Forget the figures of an earlier run; those of the worker are its own."""
    kept = ("_worker.db", f"_{os.getpid()}.db")
    for path in Path(figures).glob("*.db"):
        if not path.name.endswith(kept):
            path.unlink(missing_ok=True)


def pre_fork(server: Any, worker: Any) -> None:
    """Give a process the lowest free place, so that it goes on with its figures."""
    taken = {other.place for other in server.WORKERS.values()}
    worker.place = min(set(range(len(taken) + 1)) - taken)


def post_fork(server: Any, worker: Any) -> None:
    """Tell the process which place is its own; let it collect seldom.

    A request leaves few cycles. Looking for them every 700 objects took a twentieth of
    the time of short ones.
    """
    os.environ["METRICS_PROCESS"] = f"web{worker.place}"
    # gunicorn has no setting for it.
    wsgi.Response = WholeResponse
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTING, 20, 20)


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
    from shop.api.request_id import request_id_make
    from shop.policies import NOTHING

    answer = refusal("", status)
    answer["Content-Security-Policy"] = NOTHING
    answer["Connection"] = "close"
    answer["Content-Length"] = str(len(answer.content))
    answer["X-Request-ID"] = request_id_make()
    phrase = HTTPStatus(answer.status_code).phrase
    head = f"HTTP/1.1 {answer.status_code} {phrase}\r\n"
    util.write_nonblock(line, head.encode() + answer.serialize())


# gunicorn has no hook for it.
util.write_error = refusal_write
