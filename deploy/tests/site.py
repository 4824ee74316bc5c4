"""The real nginx with the real configuration, before real gunicorns, on loopback."""

import http.client
import json
import os
import pwd
import shutil
import signal
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import wait_until
from shop.devstack import processes
from shop.devstack.ports import HOST, port_find
from shop.devstack.programs import PROJECT

from .certificate import certificate_make
from .node import STOP_SECONDS, Node

KEPT = PROJECT / "deploy" / "nginx"


@dataclass
class Answer:
    """What came back over HTTPS."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def assert_envelope(answer: Answer, status: int, message: str, error: str) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json == {"code": status, "message": message, "data": {"error": error}}
    assert answer.headers["X-Request-ID"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def nginx_path() -> str:
    """Return the installed nginx; an ordinary user's PATH does not lead there."""
    path = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    return path or pytest.skip("nginx is not installed")


class Site:
    """nginx, run as Debian runs it, but for ports, paths and account."""

    def __init__(self, folder: Path) -> None:
        self._program = nginx_path()
        self.folder = folder
        self.port, self.plain_port = port_find(), port_find()
        self.conf = folder / "nginx"
        self.reloads = 0
        self._configure()
        self.tls = ssl.create_default_context(cafile=self.certificate)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    @property
    def certificate(self) -> str:
        return str(self.conf / "tls" / "fullchain.pem")

    def _configure(self) -> None:
        shutil.copytree(KEPT, self.conf)
        shutil.copy("/etc/nginx/mime.types", self.conf)
        for name in ("tls", "log", "cache", "static", "media", "temp"):
            (self.folder / name).mkdir()
        (self.conf / "tls").mkdir()
        certificate_make(self.conf / "tls")
        account = pwd.getpwuid(os.geteuid()).pw_name
        temp = " ".join(
            f"{kind}_temp_path {self.folder}/temp/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self._change(
            "nginx.conf",
            {
                "user www-data;": f"user {account};",
                "pid /run/nginx.pid;": f"pid {self.folder}/nginx.pid;",
                "/var/log/nginx/": f"{self.folder}/log/",
                "http {\n": f"http {{\n    {temp}\n",
            },
        )
        self._change(
            "shop/http.conf",
            {
                "/var/log/nginx/": f"{self.folder}/log/",
                "/var/cache/nginx-shop": f"{self.folder}/cache",
            },
        )
        self._change(
            "shop/site.conf",
            {
                "listen 80 ": f"listen {HOST}:{self.plain_port} ",
                "    listen [::]:80 default_server;\n": "",
                "listen 443 ": f"listen {HOST}:{self.port} ",
                "    listen [::]:443 ssl http2 default_server;\n": "",
                "/srv/shop/": f"{self.folder}/",
                "/var/log/nginx/": f"{self.folder}/log/",
            },
        )

    def _change(self, name: str, changes: Mapping[str, str]) -> None:
        path = self.conf / name
        text = path.read_text()
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text)

    def lead_to(self, *nodes: Node, down: Node | None = None) -> None:
        """Write the nodes' file in the form that is kept."""
        [form] = [
            line
            for line in (KEPT / "shop" / "nodes.conf").read_text().splitlines()
            if line.startswith("server ")
        ]
        lines = [
            form.replace("127.0.0.1:8000", f"{HOST}:{node.port}").replace(
                ";", " down;" if node is down else ";"
            )
            for node in nodes
        ]
        (self.conf / "shop" / "nodes.conf").write_text("\n".join(lines))

    def start(self) -> None:
        with (self.folder / "log" / "start.log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(self._program, "-c", str(self.conf / "nginx.conf")),
                    *("-e", str(self.folder / "log" / "start.log")),
                    *("-g", "daemon off;"),
                ],
                stderr=log,
            )
        wait_until(self._is_serving, "nginx does not start")

    def _is_serving(self) -> bool:
        assert self.process.poll() is None, self.told
        try:
            self.call("GET", "/metrics")
        except OSError:
            return False
        return True

    @property
    def told(self) -> str:
        logs = sorted((self.folder / "log").glob("*.log"))
        return "".join(log.read_text() for log in logs)

    def workers(self) -> set[int]:
        """Return nginx's processes that serve, those of an older start too."""
        return {one.pid for one in processes.descendants(self.process.pid)}

    def reload(self) -> None:
        """Take up the configuration; return when the old processes are done."""
        self.reloads += 1
        old = self.workers()
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.workers() - old, "no new processes of nginx")
        wait_until(lambda: not (self.workers() & old), "old ones do not end")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(STOP_SECONDS)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        token: str = "",
        source: str = HOST,
    ) -> Answer:
        """Send one request on a connection of its own, from a loopback address."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if isinstance(body, dict):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPSConnection(
            HOST, self.port, context=self.tls, source_address=(source, 0), timeout=60
        )
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
