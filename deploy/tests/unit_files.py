"""The systemd units, read and run as systemd would, as far as that goes without it."""

import os
import pwd
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from shop.devstack import launcher
from shop.devstack.parts import LAUNCHER
from shop.devstack.postgres import account_name
from shop.devstack.programs import PROJECT

UNITS = PROJECT / "deploy" / "systemd"
COMMON = UNITS / "shop-.service.d" / "common.conf"
# A server's folders that the units name.
PLACES = re.compile(r"(?<![\w/])/(?:opt|etc|srv|var/log|var/backups)/shop\b")


class Unit:
    """One unit of a server whose folders lie below another one."""

    def __init__(self, name: str, root: Path) -> None:
        self._root = root
        self._values: dict[str, list[str]] = {}
        files = [
            UNITS / name,
            *([COMMON] if re.fullmatch(r"shop-.*\.service", name) else []),
        ]
        for line in "\n".join(file.read_text() for file in files).splitlines():
            key, is_value, value = line.partition("=")
            if is_value and not line.startswith("#"):
                self._values.setdefault(key, []).append(self._moved(value))

    def _moved(self, text: str) -> str:
        return PLACES.sub(lambda match: f"{self._root}{match[0]}", text)

    def all(self, key: str) -> list[str]:
        return self._values.get(key, [])

    def one(self, key: str) -> str:
        [value] = self.all(key)
        return value

    @property
    def commands(self) -> list[list[str]]:
        return [shlex.split(value) for value in self.all("ExecStart")]

    def environment(self) -> dict[str, str]:
        """Return what the program finds: the files win, as they do for systemd."""
        pairs = self.all("Environment")
        for path in self.all("EnvironmentFile"):
            lines = Path(path).read_text().splitlines()
            pairs += [line for line in lines if line and line[0] != "#"]
        values = dict(pair.split("=", 1) for pair in pairs)
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | values

    def run(self, account: "Account", **more: str) -> str:
        """Run a oneshot unit to its end; return what it printed."""
        told = ""
        for command in self.commands:
            told += account.run(
                command, cwd=self.one("WorkingDirectory"), env=self.environment() | more
            )
        return told

    def start(
        self, account: "Account", log: Path, listener: socket.socket | None = None
    ) -> "Service":
        return Service(self, account, log, listener)


class Account:
    """The ordinary user: another one when the tests run as root."""

    def __init__(self) -> None:
        self._name = account_name()
        if self._name:
            facts = pwd.getpwnam(self._name)
            self._uid, self._gid = facts.pw_uid, facts.pw_gid

    def own(self, *paths: Path) -> None:
        for path in paths if self._name else ():
            os.chown(path, self._uid, self._gid)

    def popen(
        self,
        command: list[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        output: int,
        before: Callable[[], None] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a program, by its path; it dies with the tests."""
        facts = [str(int(signal.SIGTERM)), str(os.getpid())]
        account = self._name or launcher.NOBODY_CHANGES
        return subprocess.Popen(
            [sys.executable, "-I", "-S", LAUNCHER, *facts, account, *command],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=before,
            # What `before` opens; nothing else that is open is inherited.
            close_fds=before is None,
        )

    def run(self, command: list[str], *, cwd: str, env: Mapping[str, str]) -> str:
        process = self.popen(command, cwd=cwd, env=env, output=subprocess.PIPE)
        told, _ = process.communicate()
        assert process.returncode == 0, told
        return told


class Service:
    """A running service; it has told that it is ready when its type is notify."""

    def __init__(
        self, unit: Unit, account: Account, log: Path, listener: socket.socket | None
    ) -> None:
        self._unit = unit
        self.log = log
        env = unit.environment()
        [command] = unit.commands
        before = None
        if listener:
            # Descriptor 3, told by number and process id: sd_listen_fds(3).
            env["LISTEN_FDS"] = "1"
            command = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *command]
            number = listener.fileno()

            def before() -> None:
                os.dup2(number, 3)
                os.set_inheritable(3, True)

        is_notifying = unit.one("Type") == "notify"
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if is_notifying:
            # Abstract, so that it belongs to no account.
            told.bind("")
            env["NOTIFY_SOCKET"] = "@" + told.getsockname()[1:].decode()
        with log.open("ab") as output:
            self.process = account.popen(
                command,
                cwd=unit.one("WorkingDirectory"),
                env=env,
                output=output.fileno(),
                before=before,
            )
        if is_notifying:
            told.settimeout(60)
            message = b""
            while b"READY=1" not in message:
                message = told.recv(4096)
        told.close()

    def stop(self) -> int:
        """Stop it as systemd would; in time, or it raises."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(float(self._unit.one("TimeoutStopSec")))

    @property
    def folder(self) -> Path:
        """Return where the program really works."""
        return Path(f"/proc/{self.process.pid}/cwd").resolve()
