"""A WeChat that sends a byte now and then, so that no socket ever times out."""

import socketserver
import threading
from contextlib import suppress
from typing import Any, Self


class DrippingServer(socketserver.ThreadingTCPServer):
    """Answers for ever while the context lasts; `asked` has each request's path."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Drip)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked: list[str] = []
        self.released = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.released.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Drip(socketserver.BaseRequestHandler):
    server: DrippingServer

    def handle(self) -> None:
        line = self.request.recv(65536).split(b" ")
        self.server.asked.append(line[1].partition(b"?")[0].decode())
        with suppress(OSError):
            self.request.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.server.released.wait(0.2):
                self.request.sendall(b"z")
