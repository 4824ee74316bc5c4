"""Lengths that lie, over a real socket: an envelope or a closed line, never a hang."""

import json
import socket
from typing import Any

import pytest

HEAD = (
    b"POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/json\r\nConnection: close\r\n"
)


def sent(server: Any, raw: bytes) -> tuple[int, dict[str, Any]]:
    """Send the bytes and no more; return status and body."""
    address = (server.thread.host, server.thread.port)
    with socket.create_connection(address, timeout=60) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    ("length", "message"),
    [
        (b"13", "code不能为空"),
        # All of it had come when the caller hung up.
        (b"500", "code不能为空"),
        (b"5", "请求格式错误"),
        (b"-1", "请求格式错误"),
        # Not a number: as good as no body.
        (b"many", "code不能为空"),
        (b"0", "code不能为空"),
    ],
    ids=lambda value: str(value),
)
def test_content_length_that_lies(
    live_server: Any, length: bytes, message: str
) -> None:
    raw = HEAD + b"Content-Length: " + length + b"\r\n\r\n" + b'{"code": ""} '
    status, body = sent(live_server, raw)
    assert (status, body["code"], body["message"]) == (400, 400, message)


def test_body_cut_off(live_server: Any) -> None:
    raw = HEAD + b"Content-Length: 500\r\n\r\n" + b'{"code": "a'
    status, body = sent(live_server, raw)
    assert (status, body["data"]) == (400, {"error": "bad_request"})


def test_length_of_a_gigabyte_is_not_waited_for(live_server: Any) -> None:
    """Reading stops one byte after the limit, whatever is announced."""
    raw = HEAD + b"Content-Length: 1000000000\r\n\r\n" + b" " * (1024 * 1024 + 1)
    status, body = sent(live_server, raw)
    assert (status, body["data"]) == (413, {"error": "too_large"})


@pytest.mark.parametrize("path", ["/api/schema", "/api/docs"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_refusals_of_the_documents_are_whole_envelopes(
    live_server: Any, method: str, path: str
) -> None:
    if (method, path) == ("OPTIONS", "/api/schema"):
        method = "PATCH"
    raw = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    status, body = sent(live_server, raw.encode())
    assert (status, body) == (
        405,
        {
            "code": 405,
            "message": "请求方法不允许",
            "data": {"error": "method_not_allowed"},
        },
    )


def test_chunked_body_is_refused_and_not_taken_for_none(live_server: Any) -> None:
    raw = HEAD + b"Transfer-Encoding: chunked\r\n\r\nd\r\n" + b'{"code": "x"}'[:13]
    status, body = sent(live_server, raw + b"\r\n0\r\n\r\n")
    assert (status, body["message"]) == (400, "请求格式错误")
    assert body["data"] == {"error": "bad_request"}


def test_announced_size_is_refused_before_it_comes(live_server: Any) -> None:
    status, body = sent(live_server, HEAD + b"Content-Length: 2000000\r\n\r\n{")
    assert (status, body["data"]) == (413, {"error": "too_large"})
