"""The command line of the findings; the Makefile calls it."""

import argparse
import os
import sys

from bench.machine import machine_facts
from shop.devstack.parts import DevstackError
from shop.devstack.programs import PROJECT
from shop.devstack.terminal import complain, say
from torture.document import PAGE, document_write, tables_make
from torture.findings import (
    findings_folder,
    findings_forget,
    findings_keep,
    findings_read,
    findings_record,
)


def main() -> int:
    """Run the command that the arguments name."""
    options = arguments_parse()
    os.chdir(PROJECT)
    try:
        options.command()
    except DevstackError as error:
        complain(f"error: {error}")
        return 1
    return 0


def arguments_parse() -> argparse.Namespace:
    """Read the command line; every command is a function."""
    parser = argparse.ArgumentParser(prog="python -m torture")
    commands = parser.add_subparsers(required=True)
    for name, command, meaning in (
        ("forget", findings_forget, "remove what an earlier run has found"),
        ("show", show, "print what the last run has found"),
        ("keep", keep, "take it over, and make docs/reliability.md of it"),
        ("document", document, "make docs/reliability.md of what is kept"),
    ):
        commands.add_parser(name, help=meaning).set_defaults(command=command)
    return parser.parse_args()


def show() -> None:
    """Print each table, and where they lie."""
    folder = findings_folder()
    say(f"{tables_make(findings_read(folder))}\n\nfindings: {folder}")


def keep() -> None:
    """Take the findings over, with a note of the machine, and make the page.

    Raises: DevstackError when a program is missing whose version is noted.
    """
    findings_record("machine", rows=[machine_facts()])
    findings_keep()
    document()


def document() -> None:
    """Make the page of what is kept."""
    document_write()
    say(f"page: {PAGE}")


if __name__ == "__main__":
    sys.exit(main())
