"""On what it was measured."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from bench.loads import wrk_path
from bench.site import nginx_path
from shop.devstack.postgres import program_path

_PACKAGES = ("Django", "djangorestframework", "psycopg", "gunicorn")


def machine_facts() -> dict[str, str]:
    """Return what the figures depend on, by its name."""
    return {
        "processor": _found(r"model name\s*: (.+)", "/proc/cpuinfo"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(_found('MemTotal: *([0-9]+)', '/proc/meminfo')) >> 20} GiB",
        # What is set aside for them; PostgreSQL takes it by itself.
        "huge pages": _found("Hugetlb: *(.+)", "/proc/meminfo"),
        "system": _found('PRETTY_NAME="(.+)"', "/etc/os-release"),
        "Linux": platform.release(),
        "Python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "PostgreSQL": _said(str(program_path("postgres")), "--version"),
        "nginx": _said(nginx_path(), "-v"),
        "wrk": _said(wrk_path(), "-v"),
    }


def _found(pattern: str, path: str) -> str:
    match = re.search(pattern, Path(path).read_text())
    return match.group(1) if match else "unknown"


def _said(*command: str) -> str:
    """Return the first number with dots that a program prints about itself."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed program
    match = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return match.group() if match else "unknown"
