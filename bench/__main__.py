"""The command line of the benchmark; the Makefile calls it."""

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

from bench.loads import wrk_path
from bench.run import Run
from bench.scales import SCALES, Scale
from bench.site import nginx_path
from shop.devstack.parts import DevstackError
from shop.devstack.programs import PROJECT
from shop.devstack.terminal import complain, say

RESULTS = PROJECT / "bench" / "results"


def main() -> int:
    """Run the command that the arguments name."""
    options = arguments_parse()
    # The programs are found from the project, wherever the caller stands.
    os.chdir(PROJECT)
    try:
        wrk_path()
        nginx_path()
        scale = scale_of(options)
        facts = Run(options.data.absolute(), scale).measure(options.cases.split())
    except DevstackError as error:
        complain(f"error: {error}")
        if error.log:
            complain(error.log)
        return 1
    target = options.output or options.data / f"{scale.name}.json"
    target.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    say(f"figures: {target}")
    return 0


def scale_of(options: argparse.Namespace) -> Scale:
    """Return the scale, with what was asked for instead of its own."""
    scale = SCALES[options.scale]
    asked = {"rounds": options.rounds, "seconds": options.seconds}
    changes = {name: value for name, value in asked.items() if value is not None}
    return dataclasses.replace(scale, **changes)


def arguments_parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--scale", choices=SCALES, default="full")
    parser.add_argument(
        "--cases", default="", help="such as 'E1 E5 freshness'; all by default"
    )
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of each measurement")
    parser.add_argument("--data", type=Path, default=PROJECT / ".data" / "bench")
    parser.add_argument("--output", type=Path, help="the file that takes the figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
