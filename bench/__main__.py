"""The command line of the benchmark; the Makefile calls it."""

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

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

MEASURES = {"growth": growth_measure, "memory": memory_measure}


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
    except KeyboardInterrupt:
        complain("stopped; nothing is kept of this run")
        return 1
    return 0


def arguments_parse() -> argparse.Namespace:
    """Read the command line; what is measured is a function below."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--data", type=absolute, default=PROJECT / ".data" / "bench")
    commands = parser.add_subparsers(required=True)
    for name, scale in SCALES.items():
        run = commands.add_parser(name, help=scale.meaning)
        measure = MEASURES.get(name, full_measure)
        run.set_defaults(command=run_command, measure=measure, scale=scale)
        run.add_argument("--rounds", type=int)
        run.add_argument("--seconds", type=int, help="of each measurement")
        run.add_argument("--cases", default="", help="such as 'E1 E5 freshness'")
    document = commands.add_parser("document", help="make docs/performance.md anew")
    document.set_defaults(command=document_command)
    return parser.parse_args()


def absolute(text: str) -> Path:
    """Return a path that is the same wherever a program stands."""
    return Path(text).absolute()


def run_command(options: argparse.Namespace) -> None:
    """Measure; the figures of a whole run go into the page.

    Raises: DevstackError.
    """
    wrk_path()
    nginx_path()
    scale, wanted = scale_of(options), options.cases.split()
    facts = options.measure(options.data, scale, wanted)
    is_whole = scale == options.scale and not wanted
    is_kept = is_whole and scale.name != "quick"
    target = (RESULTS if is_kept else options.data) / f"{scale.name}.json"
    target.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    say(f"figures: {target}")
    if is_kept:
        document_command(options)


def scale_of(options: argparse.Namespace) -> Scale:
    """Return the scale, with what was asked for instead of its own."""
    asked = {"rounds": options.rounds, "seconds": options.seconds}
    changes = {name: value for name, value in asked.items() if value is not None}
    scale: Scale = dataclasses.replace(options.scale, **changes)
    return scale


def document_command(_: argparse.Namespace) -> None:
    """Make the page and its picture of the figures that are kept."""
    document_write()
    say(f"page: {PAGE}")


if __name__ == "__main__":
    sys.exit(main())
