"""A server in Sentry's place, which keeps all that it is sent."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def sentry_sink() -> Iterator[tuple[str, list[Any]]]:
    """Run it; give its DSN, and the parts of all envelopes so far."""
    got: list[Any] = []

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                raw = gzip.decompress(raw)
            got.extend(json.loads(line) for line in raw.splitlines() if line)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://public@127.0.0.1:{server.server_port}/7", got
    finally:
        server.shutdown()
        server.server_close()
