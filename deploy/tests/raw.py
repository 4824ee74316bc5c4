"""Bytes as no client library would send them."""

import http.client
import io
import json
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shop.devstack.ports import HOST

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


class _Read:
    """What has been read already, as a socket would give it."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._text)


@dataclass
class Told:
    """All that came back until the line was closed, and the statuses in it."""

    text: bytes

    @property
    def statuses(self) -> list[int]:
        return [int(status) for status in _STATUS_LINE.findall(self.text)]

    @property
    def json(self) -> Any:
        """Return the body of the first answer; None when it is no envelope."""
        answer = http.client.HTTPResponse(_Read(self.text))  # type: ignore[arg-type]
        answer.begin()
        is_json = answer.headers.get_content_type() == "application/json"
        return json.loads(answer.read()) if is_json else None


def sent(
    port: int, raw: bytes, *, tls: ssl.SSLContext | None = None, source: str = HOST
) -> Told:
    """Send the bytes; nothing more comes, so whoever waits for more is told so."""
    parts = []
    with socket.create_connection(
        (HOST, port), timeout=60, source_address=(source, 0)
    ) as plain:
        line = tls.wrap_socket(plain, server_hostname=HOST) if tls else plain
        with line, suppress(ConnectionError, ssl.SSLError):
            line.sendall(raw)
            if not tls:
                line.shutdown(socket.SHUT_WR)
            while part := line.recv(65536):
                parts.append(part)
    return Told(b"".join(parts))
