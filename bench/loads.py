"""What asks and what answers: wrk before a web program, pgbench before PostgreSQL."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.figures import Figure
from bench.web import HEADERS
from shop.devstack.environment import environment_merge
from shop.devstack.parts import DevstackError
from shop.devstack.ports import HOST
from shop.devstack.postgres import ROLE, PostgresServer, program_path
from shop.devstack.programs import PROJECT

CONNECTIONS = 32
SCRIPTS = PROJECT / "bench" / "pgbench"
REPORT = PROJECT / "bench" / "lua" / "report.lua"
_RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_COUNT = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)


class Load(Protocol):
    """Work that can be done for some seconds."""

    def run(self, seconds: int) -> Figure:
        """Do the work; return how it went, without the CPU."""
        ...


@dataclass(frozen=True)
class Wrk:
    """HTTP requests over 32 connections: of one URL, or as a script makes them."""

    url: str
    script: Path = REPORT
    arguments: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: HEADERS)

    def run(self, seconds: int) -> Figure:
        """Raises: DevstackError, when wrk fails."""
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            [
                *(wrk_path(), "--threads=1", f"--connections={CONNECTIONS}"),
                *(f"--duration={seconds}s", "--timeout=10s", f"--script={self.script}"),
                *(f"--header={name}: {text}" for name, text in self.headers.items()),
                *(self.url, "--", *self.arguments),
            ],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DevstackError(f"wrk: status {done.returncode}", done.stderr)
        return _report_read(done.stdout)


def _report_read(output: str) -> Figure:
    """Read the line of lua/report.lua."""
    facts = json.loads(output.strip().splitlines()[-1])
    return Figure(
        requests=facts["requests"],
        per_second=facts["requests"] / facts["microseconds"] * 1_000_000,
        p50=facts["p50"] / 1000,
        p99=facts["p99"] / 1000,
        errors=facts["refused"] + facts["broken"],
    )


@dataclass(frozen=True)
class PgBench:
    """The same SQL without a web program: prepared statements, a script of pgbench/."""

    postgres: PostgresServer
    script: str
    values: Mapping[str, int]
    clients: int = CONNECTIONS
    database: str = "shop"

    def run(self, seconds: int) -> Figure:
        """Raises: DevstackError, when pgbench fails."""
        return self._run(f"--time={seconds}")

    def run_once(self) -> Figure:
        """Let each client do it once.

        Raises: DevstackError, when pgbench fails.
        """
        return self._run("--transactions=1")

    def _run(self, how_long: str) -> Figure:
        values = [f"--define={name}={value}" for name, value in self.values.items()]
        script = SCRIPTS / self.script
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            [
                *(str(program_path("pgbench")), "--no-vacuum", "--protocol=prepared"),
                *(f"--client={self.clients}", how_long, f"--file={script}"),
                *(f"--host={HOST}", f"--port={self.postgres.port}"),
                *(f"--username={ROLE}", *values, self.database),
            ],
            env=environment_merge(os.environ, {"PGPASSWORD": self.postgres.password}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DevstackError(f"pgbench: status {done.returncode}", done.stderr)
        return _output_read(done.stdout)


def _output_read(output: str) -> Figure:
    requests = int(_found(_COUNT, output))
    if not requests:
        # Connecting took all the time, and no rate is told.
        return Figure(requests=0, per_second=0.0)
    return Figure(
        requests=requests,
        per_second=float(_found(_RATE, output)),
        errors=int(_found(_FAILED, output)),
    )


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise DevstackError("pgbench has no such line: " + pattern.pattern, text)
    return match.group(1)


def wrk_path() -> str:
    """Return where wrk is.

    Raises: DevstackError when it is not installed.
    """
    if path := shutil.which("wrk"):
        return path
    raise DevstackError("wrk is missing: apt-get install wrk")
