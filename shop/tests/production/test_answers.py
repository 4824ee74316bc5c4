"""Whom a production node answers, and how it sends an answer."""

import socket
import struct
import subprocess
import sys

import pytest

from shop.devstack.programs import PROJECT
from shop.tests.production.conftest import BEARER, BEHIND_PROXY, MARKS
from shop.tests.web_process import WebProcess

pytestmark = MARKS

SECURE = "X-Forwarded-Proto: https\r\nConnection: close"


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "127.0.0.1", "web-1.internal"])
def test_a_balancer_may_ask_by_any_address(node: WebProcess, host: str) -> None:
    for path in ("/healthz", "/readyz"):
        answer = node.get(path, Host=host)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok"), path
    assert node.get("/metrics", Host=host, **BEARER).status_code == 200


def test_a_container_asks_itself(node: WebProcess) -> None:
    command = [sys.executable, "deploy/healthcheck.py"]
    env = {"GUNICORN_BIND": node.address}
    for path, status in (("/healthz", 0), ("/readyz", 0), ("/api/config", 1)):
        done = subprocess.run([*command, path], cwd=PROJECT, env=env, check=False)
        assert done.returncode == status, path


def test_nothing_else_is_answered_so(node: WebProcess) -> None:
    for path in ("/api/config", "/admin/", "/healthz/"):
        assert node.get(path, Host="10.0.0.7:8000").status_code == 400
    refused = node.get("/api/config", **BEHIND_PROXY | {"Host": "10.0.0.7"})
    assert (refused.status_code, refused.json()["data"]) == (
        400,
        {"error": "bad_request"},
    )
    redirected = node.get("/api/config", Host="shop.example")
    assert redirected.headers["Location"] == "https://shop.example/api/config"
    assert node.get("/api/config", **BEHIND_PROXY).status_code == 200


def segments(node: WebProcess, request: str) -> tuple[bytes, int]:
    """Return an answer, and in how many segments it came."""
    host, port = node.address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(f"{request}\r\nHost: shop.example\r\n{SECURE}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))
        facts = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    # tcpi_data_segs_in of linux/tcp.h.
    return answer, struct.unpack_from("I", facts, 152)[0]


def test_an_answer_comes_with_its_head(node: WebProcess) -> None:
    body, found = segments(node, "GET /healthz HTTP/1.1")
    assert (body.endswith(b"}"), found) == (True, 1)
    head, found = segments(node, "HEAD /api/products HTTP/1.1")
    is_whole = head.startswith(b"HTTP/1.1 200") and head.endswith(b"\r\n\r\n")
    assert (is_whole, found) == (True, 1)
