"""A way to WeChat that a test can block."""

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
