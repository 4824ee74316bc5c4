"""A way to WeChat that a test can block."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from conftest import PATIENCE_SECONDS


class Gate:
    """Passes requests on to WeChat, once the test has opened it."""

    def __init__(self, wechat: str) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gate.reached.set()
                gate.opened.wait(PATIENCE_SECONDS)
                answer = requests.post(
                    wechat + self.path, body, headers=dict(self.headers), timeout=30
                )
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,)).start()


_CALLS = (
    ("prepay", re.compile(r"POST /v3/pay/transactions/jsapi")),
    ("close", re.compile(r"POST /v3/pay/transactions/out-trade-no/\w+/close")),
    ("query", re.compile(r"GET /v3/pay/transactions/out-trade-no/\w+\?")),
    ("refund", re.compile(r"POST /v3/refund/domestic/refunds")),
    ("refund_query", re.compile(r"GET /v3/refund/domestic/refunds/\w+")),
)


class Turnstile:
    """A way to WeChat that stops one call, before WeChat acts or after.

    `stop("after", "close")`: the next close is done, and its answer held back until
    `open()`. Whatever else passes.
    """

    def __init__(self, wechat: str) -> None:
        self._wanted: tuple[str, str] | None = None
        self._reached, self._opened = threading.Event(), threading.Event()
        turnstile = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                call = turnstile.name_of(f"{self.command} {self.path}")
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                turnstile.pass_by("before", call)
                answer = requests.request(
                    self.command,
                    wechat + self.path,
                    data=body,
                    headers=dict(self.headers),
                    timeout=30,
                )
                turnstile.pass_by("after", call)
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,)).start()

    def name_of(self, request: str) -> str:
        return next(name for name, form in _CALLS if form.match(request))

    def stop(self, when: str, call: str) -> None:
        self._reached.clear()
        self._opened.clear()
        self._wanted = when, call

    def pass_by(self, when: str, call: str) -> None:
        if self._wanted == (when, call):
            self._wanted = None
            self._reached.set()
            self._opened.wait(PATIENCE_SECONDS)

    def wait(self) -> None:
        """Wait until the call has come to where it stops."""
        assert self._reached.wait(PATIENCE_SECONDS)

    def open(self) -> None:
        self._opened.set()

    def end(self) -> None:
        self.open()
        self.server.shutdown()
        self.server.server_close()
