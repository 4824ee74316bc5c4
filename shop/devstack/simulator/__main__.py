"""The simulator as a program: `python -m shop.devstack.simulator`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from .books import Books, BooksError
from .routes import Router
from .server import ADDRESS, Server
from .world import WorldError, world_ensure

WAIT_SECONDS = 0.2


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    os.umask(0o077)
    try:
        world = world_ensure(options.world)
        books = Books(options.books)
    except (OSError, WorldError, BooksError) as error:
        return _fail(str(error))
    try:
        return _serve(options, Router(world, books), stop)
    finally:
        books.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m shop.devstack.simulator",
        description="Play WeChat on loopback: the mini-program API and Pay v3.",
    )
    parser.add_argument(
        "--port", type=int, default=8001, help="port on 127.0.0.1; 0 takes a free one"
    )
    parser.add_argument(
        "--world", type=Path, required=True, help="wechat.json, made when missing"
    )
    parser.add_argument(
        "--books", type=Path, required=True, help="SQLite file, made when missing"
    )
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="stop as well when standard input ends, that is, with the parent",
    )
    return parser


def _serve(options: argparse.Namespace, router: Router, stop: threading.Event) -> int:
    try:
        server = Server(options.port, router)
    except (OSError, OverflowError) as error:
        return _fail(f"port {options.port} on {ADDRESS}: {error}")
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    router.start()
    if options.until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(stop,), daemon=True).start()
    sys.stdout.write(f"simulator: http://{ADDRESS}:{server.server_port}\n")
    sys.stdout.flush()
    # Not for ever at once: a signal that comes as the waiting begins ends no wait.
    while not stop.wait(WAIT_SECONDS):
        pass
    server.shutdown()
    server.server_close()
    return 0


def _watch_stdin(stop: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    stop.set()


def _fail(text: str) -> int:
    sys.stderr.write(f"simulator: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
