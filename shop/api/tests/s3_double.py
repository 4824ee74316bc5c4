"""An S3 of the smallest kind over real HTTP: it checks signatures as Amazon's does."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

ACCESS_KEY = "double-key"
SECRET_KEY = "double-secret"
REGION = "cn-test-1"
BUCKET = "pictures"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


class S3Double(ThreadingHTTPServer):
    """Objects by key, what was asked, and a fault to play."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.asked: list[tuple[str, str]] = []
        self.fault_status: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def s3_double() -> Iterator[S3Double]:
    with S3Double() as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: S3Double

    def do_PUT(self) -> None:
        body = self._body()
        if self._is_let(body):
            kept = {
                name: self.headers[name]
                for name in ("Content-Type", "Cache-Control", "x-amz-acl")
                if name in self.headers
            }
            self.server.objects[self._key()] = body, kept
            self._answer(200)

    def do_GET(self) -> None:
        self._read(with_body=True)

    def do_HEAD(self) -> None:
        self._read(with_body=False)

    def do_DELETE(self) -> None:
        if self._is_let(b""):
            self.server.objects.pop(self._key(), None)
            self._answer(204)

    def _read(self, *, with_body: bool) -> None:
        if not self._is_let(b""):
            return
        body, kept = self.server.objects.get(self._key(), (None, {}))
        if body is None:
            self._answer(404)
        else:
            self._answer(200, body, kept, with_body=with_body)

    def _body(self) -> bytes:
        if self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _key(self) -> str:
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        assert bucket == BUCKET
        return key

    def _is_let(self, body: bytes) -> bool:
        """Note the request; answer it when it is refused."""
        self.server.asked.append((self.command, self._key()))
        status = self.server.fault_status
        if status is None and not self._is_signed(body):
            status = 403
        if status is not None:
            self._answer(status)
        return status is None

    def _is_signed(self, body: bytes) -> bool:
        """Check AWS4-HMAC-SHA256.

        Source: AWS, "Signature Version 4 for API requests".
        """
        found = _AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        digest = hashlib.sha256(body).hexdigest()
        if not found or self.headers["x-amz-content-sha256"] != digest:
            return False
        key, day, region, names, signature = found.groups()
        if (key, region) != (ACCESS_KEY, REGION):
            return False
        lines = [f"{name}:{self.headers[name].strip()}" for name in names.split(";")]
        path, _, query = self.path.partition("?")
        canonical = "\n".join(
            [self.command, path, query, *lines, "", names, digest]
        ).encode()
        scope = f"{day}/{region}/s3/aws4_request"
        text = "\n".join(
            [
                "AWS4-HMAC-SHA256",
                self.headers["x-amz-date"],
                scope,
                hashlib.sha256(canonical).hexdigest(),
            ]
        )
        signer = f"AWS4{SECRET_KEY}".encode()
        for part in (day, region, "s3", "aws4_request", text):
            signer = hmac.new(signer, part.encode(), hashlib.sha256).digest()
        return hmac.compare_digest(signer.hex(), signature)

    def _answer(
        self,
        status: int,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        with_body: bool = True,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Be quiet."""
