"""A line to a server that can be made to stand still: nothing is refused, or passed."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from shop.devstack.ports import HOST


class StallingLine:
    """Passes bytes on, both ways, while it may."""

    def __init__(self, port: int) -> None:
        """Lead to a port of this machine."""
        self._target = (HOST, port)
        self._moves = threading.Event()
        self._moves.set()
        self._admits = threading.Event()
        self._admits.set()
        self._listener = socket.create_server((HOST, 0), backlog=512)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.go_on()

    def stall(self) -> None:
        self._moves.clear()

    def admit_nobody(self) -> None:
        """Leave newcomers alone unanswered."""
        self._admits.clear()

    def go_on(self) -> None:
        self._moves.set()
        self._admits.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._join, args=[near], daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._moves.wait()
        self._admits.wait()
        with near, socket.create_connection(self._target) as far:
            there = threading.Thread(target=self._pass, args=[near, far], daemon=True)
            there.start()
            self._pass(far, near)
            there.join()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._moves.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
