"""What the user sees; a terminal that is gone must not stop the work."""

import contextlib
import sys
from typing import TextIO


def say(text: str) -> None:
    """Print a line at once."""
    _write(sys.stdout, text)


def say_step(label: str, seconds: float) -> None:
    """Print that a step is done, and how long it took."""
    say(f"  {label:<24}{seconds:5.1f} s")


def complain(text: str) -> None:
    """Print a line on the error output."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.write(f"{text}\n")
        stream.flush()
