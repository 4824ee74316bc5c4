"""The provinces, cities and districts of China, by the names that a picker shows.

Source: README.md beside this file.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("divisions.txt")


class Division(NamedTuple):
    """A district and where it lies; each field is empty when it is not known."""

    province: str = ""
    city: str = ""
    district: str = ""


@cache
def divisions() -> Sequence[Division]:
    """Return all districts, city by city."""
    found = []
    province = ""
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith(" "):
            province = line
            continue
        city, *districts = line.split()
        found += [Division(province, city, district) for district in districts]
    return found
