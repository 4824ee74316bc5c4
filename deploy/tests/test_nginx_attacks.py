"""Who claims to be somebody else, and bytes that two servers may read in two ways."""

from collections.abc import Callable
from typing import Any

import pytest

from conftest import wait_until

from .node import Node
from .raw import Told, sent
from .site import Site

pytestmark = pytest.mark.xdist_group("nginx")

# What clients and other proxies call an address; each line as it is sent.
MADE_UP = [
    [b"X-Forwarded-For: 203.0.113.1"],
    [b"X-Forwarded-For: 203.0.113.2, 203.0.113.3, 127.0.0.1"],
    [b"X-Forwarded-For: 203.0.113.4", b"X-Forwarded-For: 203.0.113.5"],
    [b"X-Forwarded-For: 2001:db8:1:2::1"],
    [b"X-Forwarded-For: [2001:db8:1:3::1]:443"],
    [b"X-Forwarded-For: ::ffff:203.0.113.6"],
    [b"X-Forwarded-For: "],
    [b"X-Forwarded-For: ,,,"],
    [b"X-Forwarded-For: unknown"],
    [b"X-Forwarded-For: 127.0.0.1\t\x7f' OR 1=1 --"],
    [b"X-Forwarded-For: " + b"203.0.113.7, " * 200],
    [b"x-forwarded-for: 203.0.113.8"],
    [b"X_Forwarded_For: 203.0.113.9"],
    [b"Forwarded: for=203.0.113.10;proto=http;host=evil.example"],
    [b'Forwarded: for="[2001:db8:1:4::1]:443", for=203.0.113.11'],
    [b"X-Real-IP: 203.0.113.12"],
    [b"X-Client-IP: 203.0.113.13", b"True-Client-IP: 203.0.113.13"],
    [b"CF-Connecting-IP: 203.0.113.14", b"X-Cluster-Client-IP: 203.0.113.14"],
    [b"Via: 1.1 203.0.113.15", b"Remote-Addr: 203.0.113.15"],
]


def lines(*texts: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join(texts) + b"\r\n\r\n" + body


def access_lines(site: Site, nodes: tuple[Node, Node], mark: str) -> list[str]:
    """Return what nginx and the shop have written of requests with the mark."""
    logs = [site.folder / "log" / "shop.log", *(node.access_log for node in nodes)]
    return [
        line for log in logs for line in log.read_text().splitlines() if mark in line
    ]


def test_nobody_is_believed_about_an_address(
    site: Site, nodes: tuple[Node, Node]
) -> None:
    """The shop allows three refreshes to an address; see RATELIMIT_SESSION."""
    source, body = "127.0.0.51", b'{"refreshToken": "x"}'
    statuses = []
    for number, made_up in enumerate(MADE_UP):
        raw = lines(
            b"POST /api/auth/refresh HTTP/1.1",
            b"Host: 127.0.0.1",
            b"Connection: close",
            b"Content-Type: application/json",
            b"X-Request-ID: spoof-%d" % number,
            b"Content-Length: %d" % len(body),
            *made_up,
            body=body,
        )
        statuses += sent(site.port, raw, tls=site.tls, source=source).statuses
    assert statuses == [401] * 3 + [429] * (len(MADE_UP) - 3)
    written = 2 * len(MADE_UP)
    wait_until(
        lambda: len(access_lines(site, nodes, "spoof-")) == written, "not logged"
    )
    found = access_lines(site, nodes, "spoof-")
    assert [line for line in found if source not in line] == []
    assert [line for line in found if "203.0.113" in line or "2001:db8" in line] == []


# --- Host ----------------------------------------------------------------------------

EVIL_HOSTS = [
    [b"Host: evil.example"],
    [b"Host: evil.example:443"],
    [b"Host: 127.0.0.1.evil.example"],
    [b"Host: 127.0.0.1@evil.example"],
    [b"Host: evil.example#127.0.0.1"],
    [b"Host: 127.0.0.1, evil.example"],
    [b"Host: 127.0.0.1", b"Host: evil.example"],
    [b"Host: evil.example", b"Host: 127.0.0.1"],
    [b"Host: "],
    [],
    [b"Host: 127.0.0.1/evil.example"],
    [b"Host: 127.0.0.1\x00.evil.example"],
    [b"Host: evil.example", b"X-Forwarded-Host: 127.0.0.1"],
]


@pytest.mark.parametrize("path", [b"/api/products", b"/admin/login/"])
def test_no_other_host_is_answered(site: Site, path: bytes) -> None:
    wrong = []
    for host in EVIL_HOSTS:
        raw = lines(b"GET %s HTTP/1.1" % path, b"Connection: close", *host)
        told = sent(site.port, raw, tls=site.tls)
        if told.statuses != [400]:
            wrong.append((host, told.text[:300]))
    absolute = lines(
        b"GET https://evil.example%s HTTP/1.1" % path,
        b"Host: 127.0.0.1",
        b"Connection: close",
    )
    if (told := sent(site.port, absolute, tls=site.tls)).statuses != [400]:
        wrong.append(([absolute], told.text[:300]))
    assert wrong == []


def test_no_other_host_gets_into_an_answer(
    site: Site, product_make: Callable[..., Any]
) -> None:
    """Neither into a link or a redirect, nor into what is kept for others."""
    product_make(image="a.webp")
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Server": "evil.example",
        "X-Forwarded-Port": "81",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Scheme": "http",
        "X-Original-URL": "/admin/",
        "X-Rewrite-URL": "/admin/",
        "Forwarded": "host=evil.example",
    }
    for path in ("/api/products?host", "/api/schema", "/admin/"):
        plain = site.call("GET", path)
        answers = [site.call("GET", path, headers=forged) for _ in range(3)]
        answers.append(site.call("GET", path))
        for answer in answers:
            assert answer.status == plain.status
            assert b"evil.example" not in answer.body
            assert "evil.example" not in str(answer.headers)
    assert plain.headers["Location"] == "/admin/login/?next=/admin/"
    assert (
        f"{site.url}/media/a.webp".encode()
        in site.call("GET", "/api/products?host").body
    )


# --- Smuggling -----------------------------------------------------------------------

HIDDEN = lines(b"GET /api/smuggled HTTP/1.1", b"Host: 127.0.0.1")
CLOSE = b"Connection: close"
CHUNKED = b"Transfer-Encoding: chunked"
END = b"0\r\n\r\n"
# The head's own lines, and the body: each hides a request, were it read another way.
SHAPES: dict[str, tuple[list[bytes], bytes]] = {
    "CL.TE": ([b"Content-Length: %d" % len(END + HIDDEN), CHUNKED], END + HIDDEN),
    "TE.CL": ([CHUNKED, b"Content-Length: 4"], b"5c\r\n" + HIDDEN + b"\r\n" + END),
    "TE.TE": ([CHUNKED, b"Transfer-Encoding: cow"], END + HIDDEN),
    "TE twice": ([CHUNKED, CHUNKED], END + HIDDEN),
    "TE list": ([b"Transfer-Encoding: chunked, identity"], END + HIDDEN),
    "TE gzip": ([b"Transfer-Encoding: gzip, chunked"], END + HIDDEN),
    "TE identity": ([b"Transfer-Encoding: identity"], END + HIDDEN),
    "TE odd": ([b"Transfer-Encoding: xchunked"], END + HIDDEN),
    "TE tab": ([b"Transfer-Encoding:\tchunked", b"Content-Length: 4"], END + HIDDEN),
    "TE vertical tab": ([b"Transfer-Encoding: \x0bchunked"], END + HIDDEN),
    "TE folded": ([b"Transfer-Encoding:", b" chunked"], END + HIDDEN),
    "TE space before colon": ([b"Transfer-Encoding : chunked"], END + HIDDEN),
    "CL twice": ([b"Content-Length: 0", b"Content-Length: 50"], HIDDEN),
    "CL list": ([b"Content-Length: 0, 50"], HIDDEN),
    "CL plus": ([b"Content-Length: +0"], HIDDEN),
    "CL minus": ([b"Content-Length: -1"], HIDDEN),
    "CL hexadecimal": ([b"Content-Length: 0x0"], HIDDEN),
    "CL underlined": ([b"Content-Length: 0_0"], HIDDEN),
    "CL of no number": ([b"Content-Length: a"], HIDDEN),
    "CL overflow": ([b"Content-Length: 18446744073709551616"], HIDDEN),
    "CL space before colon": ([b"Content-Length : 0"], HIDDEN),
    "chunk of no number": ([CHUNKED], b"zz\r\n" + HIDDEN),
    "chunk minus": ([CHUNKED], b"-1\r\n" + HIDDEN),
    "chunk prefix": ([CHUNKED], b"0x0\r\n\r\n" + HIDDEN),
    "chunk overflow": ([CHUNKED], b"f" * 17 + b"\r\n" + HIDDEN),
    "chunk longer than said": ([CHUNKED], b"1\r\nabc\r\n" + END + HIDDEN),
    "header of NUL": ([b"X-A: \x00", b"Content-Length: 0"], HIDDEN),
    "header without a colon": ([b"X-A", b"Content-Length: 0"], HIDDEN),
}


def shape(head: list[bytes], body: bytes) -> bytes:
    return lines(
        b"POST /api/auth/refresh HTTP/1.1",
        b"Host: 127.0.0.1",
        b"Content-Type: application/json",
        *head,
        body=body,
    )


def refused_once(told: Told) -> bool:
    return told.statuses == [400] and bool(told.json) and told.json["code"] == 400


def test_no_request_hides_in_another(site: Site, nodes: tuple[Node, Node]) -> None:
    """Each is refused whole, in the envelope, and what it hid is never served."""
    wrong = []
    for name, (head, body) in SHAPES.items():
        told = sent(site.port, shape([CLOSE, *head], body), tls=site.tls)
        if not refused_once(told):
            wrong.append((name, told.text[:400]))
    assert wrong == []
    assert not any("/api/smuggled" in node.access_log.read_text() for node in nodes)


def test_gunicorn_by_itself_finds_no_hidden_request_either(
    site: Site, nodes: tuple[Node, Node]
) -> None:
    """It may say once more that what follows a refused head makes no sense."""
    wrong = []
    for name, (head, body) in SHAPES.items():
        told = sent(nodes[0].port, shape(head, body))
        policies = told.text.count(b"Content-Security-Policy: ")
        if (
            set(told.statuses) not in ({400}, {413})
            or not told.json
            or policies != len(told.statuses)
        ):
            wrong.append((name, told.text[:400]))
    assert wrong == []
    assert "/api/smuggled" not in nodes[0].access_log.read_text()


def test_two_authorizations_let_nobody_in(
    site: Site, nodes: tuple[Node, Node], token: str
) -> None:
    bearer = b"Authorization: Bearer " + token.encode()
    head = [b"GET /api/auth/user HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close"]
    for port, tls in ((site.port, site.tls), (nodes[0].port, None)):
        once = sent(port, lines(*head, bearer), tls=tls)
        assert once.statuses == [200]
        for other in (bearer, b"Authorization: Bearer x", b"Authorization: Basic x"):
            for pair in ((bearer, other), (other, bearer)):
                [status] = sent(port, lines(*head, *pair), tls=tls).statuses
                assert status in {400, 401}
