"""nginx with the configuration that is deployed, before the shop's gunicorn.

What differs: ports, paths and account; rates that one machine never reaches; and no
TLS, so that the same requests can be compared with those of the others.
"""

import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

from bench.web import WebProgram
from shop.devstack.parts import DevstackError, Part, Parts
from shop.devstack.ports import HOST, port_answers, port_find
from shop.devstack.programs import PROJECT

KEPT = PROJECT / "deploy" / "nginx"
LIMITS = PROJECT / "bench" / "nginx" / "limits.conf"
MIME_TYPES = Path("/etc/nginx/mime.types")
FOLDERS = ("log", "cache", "static", "media", "temp")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Site:
    """One nginx in a folder of its own."""

    def __init__(self, folder: Path, shop: WebProgram) -> None:
        self.folder = folder
        self.conf = folder / "nginx"
        self.shop = shop
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{HOST}:{self.port}"

    @property
    def static(self) -> Path:
        """The folder of /static/."""
        return self.folder / "static"

    def start(self, parts: Parts) -> None:
        """Start it and wait until it answers.

        Raises: DevstackError, StopRequested.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(KEPT, self.conf)
        shutil.copy(MIME_TYPES, self.conf)
        for name in FOLDERS:
            (self.folder / name).mkdir()
        self._main_change()
        self._paths_change()
        self._nodes_write()
        parts.start_listening(self._make, lambda _: port_answers(self.port))

    def _make(self) -> Part:
        self.port = port_find()
        self._listen_at(self.port)
        log = self.folder / "log" / "start.log"
        return Part(
            name="nginx",
            command=[
                *(nginx_path(), "-c", str(self.conf / "nginx.conf"), "-e", str(log)),
                *("-g", "daemon off;"),
            ],
            env={"PATH": os.defpath},
            log=log,
        )

    def _main_change(self) -> None:
        account = pwd.getpwuid(os.geteuid()).pw_name
        temporary = " ".join(
            f"{kind}_temp_path {self.folder}/temp/{kind};" for kind in TEMPORARY
        )
        self._change(
            "nginx.conf",
            {
                "user www-data;": f"user {account};",
                "pid /run/nginx.pid;": f"pid {self.folder}/nginx.pid;",
                "/var/log/nginx/": f"{self.folder}/log/",
                "http {\n": f"http {{\n    {temporary}\n",
            },
        )

    def _paths_change(self) -> None:
        """Lead to our folder, and count every request but refuse none."""
        shutil.copy(LIMITS, self.conf / "shop")
        self._change(
            "shop/http.conf",
            {
                "/var/log/nginx/": f"{self.folder}/log/",
                "/var/cache/nginx-shop": f"{self.folder}/cache",
            },
        )

    def _nodes_write(self) -> None:
        """Lead to the one node, as if TLS had ended here."""
        self._change("shop/nodes.conf", {"127.0.0.1:8000": f"{HOST}:{self.shop.port}"})
        self._change(
            "shop/proxy.conf", {"X-Forwarded-Proto $scheme": "X-Forwarded-Proto https"}
        )

    def _listen_at(self, port: int) -> None:
        shutil.copy(KEPT / "shop" / "site.conf", self.conf / "shop")
        self._change(
            "shop/site.conf",
            {
                "listen 80 ": f"listen {HOST}:{port_find()} ",
                "    listen [::]:80 default_server;\n": "",
                "listen 443 ssl http2 ": f"listen {HOST}:{port} ",
                "    listen [::]:443 ssl http2 default_server;\n": "",
                "    ssl_certificate tls/fullchain.pem;\n": "",
                "    ssl_certificate_key tls/privkey.pem;\n": "",
                "/srv/shop/": f"{self.folder}/",
            },
        )

    def _change(self, name: str, changes: Mapping[str, str]) -> None:
        """Replace texts of a file.

        Raises: DevstackError, when one is no longer there.
        """
        path = self.conf / name
        text = path.read_text()
        for old, new in changes.items():
            if old not in text:
                raise DevstackError(
                    f"deploy/nginx/{name} has no {old!r}: see {__name__}"
                )
            text = text.replace(old, new)
        path.write_text(text)


def nginx_path() -> str:
    """Return where nginx is; an ordinary user's PATH does not lead there.

    Raises: DevstackError when it is not installed.
    """
    path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path and MIME_TYPES.exists():
        return path
    raise DevstackError("nginx is missing: apt-get install nginx")
