"""The command line of the benchmark; the Makefile calls it."""

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.document import PAGE, RESULTS, document_write
from bench.full import full_measure
from bench.growth import growth_measure
from bench.loads import wrk_path
from bench.memory import memory_measure
from bench.scales import SCALES, Scale
from bench.site import nginx_path
from shop.devstack.parts import DevstackError
from shop.devstack.programs import PROJECT
from shop.devstack.terminal import complain, say


def main() -> int:
    """Measure what the arguments name, or make the page."""
    options = arguments_parse()
    # The programs are found from the project, wherever the caller stands.
    os.chdir(PROJECT)
    try:
        options.command(options)
    except DevstackError as error:
        complain(f"error: {error}")
        if error.log:
            complain(error.log)
        return 1
    return 0


def arguments_parse() -> argparse.Namespace:
    """Read the command line; what is measured is a function below."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--data", type=Path, default=PROJECT / ".data" / "bench")
    parser.set_defaults(rounds=None, seconds=None)
    commands = parser.add_subparsers(required=True)
    for name, scale in SCALES.items():
        run = commands.add_parser(name, help=scale.meaning)
        run.set_defaults(command=MEASURES.get(name, full_command), scale=scale)
        run.add_argument("--rounds", type=int)
        run.add_argument("--seconds", type=int, help="of each measurement")
        run.add_argument("--cases", default="", help="such as 'E1 E5 freshness'")
    document = commands.add_parser("document", help="make docs/performance.md anew")
    document.set_defaults(command=document_command)
    return parser.parse_args()


def full_command(options: argparse.Namespace) -> None:
    """Measure the shop, the yardstick and the limits."""
    scale = scale_of(options)
    facts_keep(options, full_measure(options.data, scale, options.cases.split()))


def growth_command(options: argparse.Namespace) -> None:
    """Measure the shop beside one ten times its size."""
    scale = scale_of(options)
    facts_keep(options, growth_measure(options.data, scale, options.cases.split()))


def memory_command(options: argparse.Namespace) -> None:
    """Look at the memory of the workers over a million requests."""
    facts_keep(options, memory_measure(options.data, scale_of(options)))


MEASURES = {"growth": growth_command, "memory": memory_command}


def scale_of(options: argparse.Namespace) -> Scale:
    """Return the scale, with what was asked for instead of its own.

    Raises: DevstackError, when a program is missing that this needs.
    """
    wrk_path()
    nginx_path()
    options.data = options.data.absolute()
    asked = {"rounds": options.rounds, "seconds": options.seconds}
    changes = {name: value for name, value in asked.items() if value is not None}
    scale: Scale = dataclasses.replace(options.scale, **changes)
    return scale


def facts_keep(options: argparse.Namespace, facts: dict[str, Any]) -> None:
    """Write the figures; those of a whole run go into the page."""
    name = options.scale.name
    is_whole = scale_of(options) == options.scale and not options.cases
    is_kept = is_whole and name != "quick"
    target = (RESULTS if is_kept else options.data) / f"{name}.json"
    target.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    say(f"figures: {target}")
    if is_kept:
        document_command(options)


def document_command(_: argparse.Namespace) -> None:
    """Make the page and its picture of the figures that are kept."""
    document_write()
    say(f"page: {PAGE}")


if __name__ == "__main__":
    sys.exit(main())
