"""The command line of the development stack; the Makefile calls it."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from shop.devstack import backups, launcher, throwaway
from shop.devstack.data_directory import DataDirectory
from shop.devstack.environment import environment_merge
from shop.devstack.parts import DevstackError
from shop.devstack.programs import PROJECT, python
from shop.devstack.stack import Stack, StackOptions
from shop.devstack.terminal import complain

DEFAULT_PORT = 8000
LARGEST_PORT = 65535


def main() -> int:
    """Run the command that the arguments name."""
    options = arguments_parse()
    # The programs are found from the project, wherever the caller stands.
    os.chdir(PROJECT)
    try:
        status: int = options.command(options)
    except DevstackError as error:
        complain(f"error: {error}")
        if error.log:
            complain(error.log)
        return 1
    return status


def arguments_parse() -> argparse.Namespace:
    """Read the command line; every command is a function below."""
    parser = argparse.ArgumentParser(prog="python -m shop.devstack")
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="run the whole shop")
    run.add_argument(
        "--with-parent",
        action="store_true",
        help="stop when the program that started this one ends",
    )
    run.set_defaults(command=run_command)
    manage = commands.add_parser(
        "manage", help="run a manage.py command on the running shop"
    )
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    manage.set_defaults(command=manage_command)
    backup = commands.add_parser("backup", help="back the running shop up")
    backup.set_defaults(command=backup_command)
    restore = commands.add_parser("restore", help="restore a backup, and look at it")
    restore.set_defaults(command=restore_command)
    servers = commands.add_parser(
        "throwaway", help="run a command with servers of its own"
    )
    servers.add_argument("arguments", nargs=argparse.REMAINDER)
    servers.set_defaults(command=throwaway_command)
    return parser.parse_args()


def run_command(options: argparse.Namespace) -> int:
    """Run the whole shop in the foreground."""
    stack = Stack(stack_options(os.environ))
    if options.with_parent:
        launcher.process_control(launcher.PR_SET_PDEATHSIG, signal.SIGTERM)
    stack.run()
    return 0


def manage_command(options: argparse.Namespace) -> NoReturn:
    """Become manage.py, with the settings of the running shop.

    Raises: DevstackError when it does not run.
    """
    folder = data_folder(os.environ)
    settings = DataDirectory(folder).running_settings()
    if settings is None:
        raise DevstackError(f"no shop runs with SHOP_DATA {folder}: start it, make run")
    command = python(str(PROJECT / "manage.py"), *options.arguments)
    os.execve(command[0], command, environment_merge(os.environ, settings))  # noqa: S606 - our own program


def backup_command(_: argparse.Namespace) -> int:
    """Back the running shop up."""
    backups.backup_make(data_folder(os.environ))
    return 0


def restore_command(_: argparse.Namespace) -> int:
    """Restore BACKUP, by default the newest one of SHOP_DATA, into SHOP_DATA."""
    folder = data_folder(os.environ)
    chosen = os.environ.get("BACKUP")
    backup = Path(chosen).absolute() if chosen else backups.backup_newest(folder)
    puts_aside = os.environ.get("OVER") == "yes"
    backups.backup_restore(folder, backup=backup, puts_aside=puts_aside)
    return 0


def throwaway_command(options: argparse.Namespace) -> int:
    """Run a command with throwaway servers; return its exit status.

    A terminal sends Ctrl-C to the command too; SIGTERM is passed on. Either way the
    command ends first and its servers after it.
    """
    command = [word for word in options.arguments if word != "--"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        throwaway.environment_apply(throwaway.servers_start())
        signal.signal(signal.SIGINT, lambda *_: None)
        child = subprocess.Popen(command)  # noqa: S603 - the user's own command
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        return abs(child.wait())
    finally:
        throwaway.servers_stop()


def stack_options(environ: Mapping[str, str]) -> StackOptions:
    """Read PORT, SIMULATOR_PORT, SHOP_DATA, SHOP_ENV and SHOP_RESTART.

    Raises: DevstackError when a value makes no sense.
    """
    if (value := environ.get("SHOP_ENV", "development")) != "development":
        raise DevstackError(
            f"SHOP_ENV={value}: this stack uses the simulator's keys, for development"
        )
    port = port_number(environ, "PORT", DEFAULT_PORT)
    simulator_port = port_number(environ, "SIMULATOR_PORT", port + 1)
    if port == simulator_port:
        raise DevstackError(f"PORT and SIMULATOR_PORT are both {port}")
    if (restarts := environ.get("SHOP_RESTART") or "0") not in {"0", "1"}:
        raise DevstackError(f"SHOP_RESTART must be 1 or 0, not {restarts!r}")
    folder = data_folder(environ)
    return StackOptions(port, simulator_port, folder, restarts=restarts == "1")


def port_number(environ: Mapping[str, str], name: str, default: int) -> int:
    """Return the port that the environment names."""
    text = environ.get(name) or str(default)
    if not (text.isdecimal() and 0 < int(text) <= LARGEST_PORT):
        raise DevstackError(f"{name} must be a port number, not {text!r}")
    return int(text)


def data_folder(environ: Mapping[str, str]) -> Path:
    """Return SHOP_DATA, by default .data in the project."""
    return Path(environ.get("SHOP_DATA") or PROJECT / ".data").absolute()


if __name__ == "__main__":
    sys.exit(main())
