"""HTTP/1.1 on loopback: bytes in, bytes out, connections kept alive."""

from __future__ import annotations

import os
import socket
import struct
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .messages import Answer, HangUp, Request, json_answer
from .routes import Router

ADDRESS = "127.0.0.1"
MOST_BODY_BYTES = 256 * 1024
IDLE_SECONDS = 60
CRASHED = json_answer(500, {"code": "SYSTEM_ERROR", "message": "系统错误"})


class Server(ThreadingHTTPServer):
    """One thread per connection; none of them delays the end of the process."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int, router: Router) -> None:
        """Bind loopback; port 0 takes a free one."""
        super().__init__((ADDRESS, port), Handler)
        self.router = router

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection and answers each."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    timeout = IDLE_SECONDS
    server: Server

    def _handle(self) -> None:
        body = self._read_body()
        if body is None:
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        try:
            self._send(self._answer(request))
        except HangUp as end:
            self._hang_up(reset=end.reset)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

    def _answer(self, request: Request) -> Answer:
        try:
            return self.server.router.answer(request)
        except HangUp:
            raise
        except Exception:
            traceback.print_exc()
            return CRASHED

    def _read_body(self) -> bytes | None:
        """Read the whole body, so that the next request starts where it should."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self._refuse(411)
            return None
        if int(length) > MOST_BODY_BYTES:
            self._refuse(413)
            return None
        return self.rfile.read(int(length))

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self._send(Answer(status, b"", "text/plain", {"Connection": "close"}))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        if answer.status != 204:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body if answer.status != 204 else b"")

    def _hang_up(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            linger_none = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
            # Closed beneath the stream objects, which would say goodbye with a FIN.
            os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the secret travels in jscode2session's URL."""

    def version_string(self) -> str:
        """Return what the Server header says."""
        return "nginx"
