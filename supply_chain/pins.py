"""Read what requirements*.txt pin, as uv writes it."""

import re
from dataclasses import dataclass
from pathlib import Path

from shop.devstack.programs import PROJECT

SERVER = PROJECT / "requirements.txt"
DEVELOPMENT = PROJECT / "requirements-dev.txt"
# One package: when it is wanted, its files, and for whose sake.
PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\\n]+?))?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
    r"    # via(?P<reasons>.*\n(?:    #   .*\n)*)"
)
_REASON = re.compile(r"^(?:    #  )? ([\w-]+)", re.MULTILINE)
# Who asks for what is wanted by itself.
OURSELVES = "-r"


@dataclass(frozen=True)
class Pin:
    """One package of a file."""

    name: str
    version: str
    # When it is wanted; empty means always.
    marker: str
    # The SHA-256 of each of its files.
    hashes: tuple[str, ...]
    # The packages that ask for it; OURSELVES, if requirements*.in name it.
    wanted_by: tuple[str, ...]

    @property
    def url(self) -> str:
        """Return its name among the packages of all languages (purl)."""
        return f"pkg:pypi/{self.name}@{self.version}"


def pins_read(path: Path) -> dict[str, Pin]:
    """Return what the file pins, by name."""
    pins = [_pin(match) for match in PIN.finditer(path.read_text())]
    return {pin.name: pin for pin in pins}


def _pin(match: re.Match[str]) -> Pin:
    return Pin(
        name=match["name"],
        version=match["version"],
        marker=match["marker"] or "",
        hashes=tuple(re.findall(r"sha256:(\w+)", match["hashes"])),
        wanted_by=tuple(_REASON.findall(match["reasons"])),
    )
