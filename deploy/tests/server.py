"""A Debian server in a folder: its user, its places, its releases."""

import http.client
import json
import os
import re
import shutil
import socket
from pathlib import Path
from typing import Any

import psycopg

from shop.devstack.ports import HOST
from shop.devstack.programs import PROJECT
from shop.tests.test_start import REAL_KEY_ID

from .unit_files import Account, Service, Unit

HEADERS = {"Host": "shop.example", "X-Forwarded-Proto": "https"}


class Server:
    """The machine: its folders below one, its user, its releases."""

    def __init__(self, root: Path, database: str) -> None:
        self.root = root
        self.account = Account()
        self._folders_make()
        self._settings_write(database)
        self.socket = socket.create_server((HOST, 0))
        self.port = self.socket.getsockname()[1]

    def _folders_make(self) -> None:
        for name in (
            *("opt/shop/releases", "etc/shop", "srv/shop/static", "srv/shop/media"),
            *("var/log/shop", "var/backups/shop", "home"),
        ):
            folder = self.root / name
            folder.mkdir(parents=True)
            self.account.own(folder)

    def _settings_write(self, database: str) -> None:
        """Fill in .env.example: what must be set, by the names that stand there."""
        example = (PROJECT / ".env.example").read_text()
        heads = ("Must be set ", "Must be set for systemd;")
        names = []
        for head in heads:
            part = example.partition(f"# --- {head}")[2].partition("\n# --- ")[0]
            names += re.findall(r"^(?:# )?([A-Z]\w+)=", part, re.MULTILINE)
        values = {
            **os.environ,
            "PUBLIC_URL": "https://shop.example",
            "DATABASE_URL": database,
            "TRUSTED_PROXY_HOPS": "1",
            "MEDIA_ROOT": str(self.root / "srv/shop/media"),
            "STATIC_ROOT": str(self.root / "srv/shop/static"),
            "WECHAT_PLATFORM_PUBLIC_KEY_ID": REAL_KEY_ID,
        }
        for name in ("WECHAT_MERCHANT_PRIVATE_KEY", "WECHAT_PLATFORM_PUBLIC_KEY"):
            values[f"{name}_FILE"] = str(self._private(f"{name}.pem", values[name]))
        lines = [f"{name}={values[name]}\n" for name in names]
        # Fewer processes than cores: others run on this machine.
        lines += ["GUNICORN_WORKERS=1\n", "GUNICORN_THREADS=2\n"]
        self._private("shop.env", "".join(lines))

    def _private(self, name: str, text: str) -> Path:
        path = self.root / "etc/shop" / name
        path.touch(mode=0o600)
        path.write_text(text)
        self.account.own(path)
        return path

    def backup_env_write(self, database: str) -> None:
        facts = psycopg.conninfo.conninfo_to_dict(database)
        names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
        lines = [f"PG{names[key]}={facts[key]}\n" for key in names]
        self._private("backup.env", f"PGDATABASE={facts['dbname']}\n{''.join(lines)}")

    def unit(self, name: str) -> Unit:
        return Unit(name, self.root)

    def release_make(self, version: str) -> Path:
        """Put the code where a release lies."""
        folder = self.root / "opt/shop/releases" / version
        kept = (PROJECT / ".dockerignore").read_text()
        folder.mkdir()
        for name in re.findall(r"^!(\S+)$", kept, re.MULTILINE):
            source = PROJECT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "tests", "devstack")
                shutil.copytree(source, folder / name, ignore=ignored)
            else:
                shutil.copy(source, folder / name)
        self.account.own(folder, *folder.rglob("*"))
        return folder

    def user_runs(self, *command: str, cwd: Path) -> str:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.root / "home")}
        for name in ("PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT", "SSL_CERT_FILE"):
            if name in os.environ:
                env[name] = os.environ[name]
        return self.account.run(list(command), cwd=str(cwd), env=env)

    def switch_to(self, release: Path) -> None:
        """Let "current" point to a release, in one step."""
        current = self.root / "opt/shop/current"
        fresh = current.with_suffix(".new")
        fresh.symlink_to(release)
        fresh.rename(current)

    def start(self, name: str) -> Service:
        log = self.root / f"{name}.log"
        listener = self.socket if name == "shop-web.service" else None
        return self.unit(name).start(self.account, log, listener)

    def get(self, path: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        connection.request("GET", path, headers={**HEADERS, "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, json.loads(body)
