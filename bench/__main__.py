"""The command line of the benchmark; the Makefile calls it."""

import argparse
import dataclasses
import os
import sys
from pathlib import Path

from bench.loads import wrk_path
from bench.run import Run
from bench.scales import SCALES
from shop.devstack.parts import DevstackError
from shop.devstack.programs import PROJECT
from shop.devstack.terminal import complain


def main() -> int:
    """Run the command that the arguments name."""
    options = arguments_parse()
    # The programs are found from the project, wherever the caller stands.
    os.chdir(PROJECT)
    try:
        wrk_path()
        scale = dataclasses.replace(
            SCALES[options.scale],
            **{
                name: value
                for name in ("rounds", "seconds")
                if (value := getattr(options, name)) is not None
            },
        )
        Run(options.data.absolute(), scale).measure(options.cases.split())
    except DevstackError as error:
        complain(f"error: {error}")
        if error.log:
            complain(error.log)
        return 1
    return 0


def arguments_parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--scale", choices=SCALES, default="full")
    parser.add_argument("--cases", default="", help="such as 'E1 E5'; all by default")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of each measurement")
    parser.add_argument("--data", type=Path, default=PROJECT / ".data" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
