"""The shop's own programs, as the stack starts them."""

import sys
from collections.abc import Mapping
from pathlib import Path

from shop.devstack.environment import WORLD_FILE
from shop.devstack.parts import Part

PROJECT = Path(__file__).resolve().parent.parent.parent
# Two workers are enough for one developer. They keep all of their threads: with fewer,
# a WeChat that hangs would hold them all, and everybody else would stand in line. Each
# thread that is used keeps a connection to PostgreSQL, which costs some 15 MB.
WEB_SETTINGS = {
    "GUNICORN_WORKERS": "2",
    "GUNICORN_GRACEFUL_TIMEOUT": "3",
}


def python(*arguments: str) -> list[str]:
    """Return the command that runs Python as we are run."""
    return [sys.executable, *arguments]


def web(env: Mapping[str, str], logs: Path, listener: int) -> Part:
    """Return gunicorn, which takes over the listening socket of that number."""
    settings = WEB_SETTINGS | {"GUNICORN_BIND": f"fd://{listener}"} | _figures(logs)
    config = str(PROJECT / "deploy" / "gunicorn.conf.py")
    return Part(
        name="web",
        command=python("-m", "gunicorn", "shop.wsgi", "-c", config),
        env={**env, **settings},
        log=logs / "web.log",
        output=logs / "access.log",
        pass_fds=(listener,),
    )


def worker(env: Mapping[str, str], logs: Path) -> Part:
    """Return the background worker."""
    return Part(
        name="worker",
        command=python(str(PROJECT / "manage.py"), "procrastinate", "worker"),
        env={**env, **_figures(logs), "METRICS_PROCESS": "worker"},
        log=logs / "worker.log",
    )


def _figures(logs: Path) -> dict[str, str]:
    """Return where web and worker keep the figures that /metrics adds up."""
    folder = logs.parent / "metrics"
    folder.mkdir(exist_ok=True)
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


def simulator(env: Mapping[str, str], logs: Path, port: int, folder: Path) -> Part:
    """Return the program that plays WeChat."""
    world, books = folder / WORLD_FILE, folder / "simulator.sqlite3"
    options = ["--port", str(port), "--world", str(world), "--books", str(books)]
    return Part(
        name="simulator",
        command=python("-m", "shop.devstack.simulator", *options),
        env=env,
        log=logs / "simulator.log",
    )


def prepare(env: Mapping[str, str], logs: Path, name: str, password: str) -> Part:
    """Return the program that brings the database up to date and then ends."""
    return Part(
        name="prepare",
        command=python("-m", "shop.devstack.prepare", name),
        env={**env, "STAFF_PASSWORD": password},
        log=logs / "prepare.log",
        shows_output=True,
    )
